"""Where the source tables live, and the engine that runs the feature query over them."""
