"""The kinds of models. All have the methods of `base.Model`, and are saved as data that runs no code when loaded."""
