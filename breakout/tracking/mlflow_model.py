"""A bundle as an MLflow model: its inputs are the features in contract order, its output is a probability.

The model holds the files of the bundle. MLflow calls `_load_pyfunc` of this module to read them. Nothing is pickled.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import __version__
from breakout.dataset import Rows

if TYPE_CHECKING:
    import pandas as pd

    from breakout.bundle import Bundle


class BundleModel:
    """The interface that MLflow expects of a loaded model."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, features: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the `probability` of each row of features; MLflow has put the columns into contract order."""
        import pandas as pd

        del params
        probability = self._bundle.predict_probability(Rows(features.astype("float64")))
        return pd.DataFrame({"probability": probability}, index=features.index)


def _load_pyfunc(path: str) -> BundleModel:
    """Load the bundle in the model's data folder; MLflow calls this function by its name."""
    from breakout.bundle import load_bundle

    return BundleModel(load_bundle(Path(path)))


def save_mlflow_model(bundle: Path, folder: Path) -> None:
    """Write an MLflow model that holds a copy of the bundle."""
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    from breakout.bundle import load_contract

    contract = load_contract(bundle)
    inputs = Schema([ColSpec("double", name) for name in contract.names])
    with warnings.catch_warnings():
        # MLflow warns if there is no input example, although the signature is given.
        warnings.filterwarnings("ignore", message=".*[Ii]nput example", category=UserWarning)
        mlflow.pyfunc.save_model(
            path=str(folder),
            loader_module=__name__,
            data_path=str(bundle),
            signature=ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double", "probability")])),
            pip_requirements=[f"breakout=={__version__}"],
            metadata={"contract_fingerprint": contract.fingerprint},
        )
