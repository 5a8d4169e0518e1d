"""The kinds of models that predict breakouts.

All have the methods of `base.Model`, and are saved as data that runs no code when loaded.
"""
