"""The incident as a demonstration: a correct model, scored through feature paths that each define something twice."""
