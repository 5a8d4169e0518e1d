"""The saved model (bundle): its folder, and the manifest in the folder, which describes the model and its files."""
