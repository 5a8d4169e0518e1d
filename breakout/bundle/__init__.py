"""The saved model: the folder of a bundle, and the manifest in it."""
