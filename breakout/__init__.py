"""breakout: experiments on models that predict NBA players' breakout games.

Importing the package imports nothing else.
"""

__version__ = "0.1.0"
