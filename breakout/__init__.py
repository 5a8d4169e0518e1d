"""breakout: honest experiments on NBA player-breakout models.

Importing the package imports nothing else and does nothing.
"""

__version__ = "0.1.0"
