"""The storage of the source tables, and the engine that runs the feature query over them."""
