"""A bundle (a saved model) as an MLflow model: its inputs are the features, its output is a probability.

The MLflow model contains the files of the bundle; MLflow calls `_load_pyfunc` to read them. A model that predicts a
distribution of points has two more inputs: the player's season average and the fewest points that are a breakout.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import __version__
from breakout.dataset import Rows
from breakout.models.kinds import KINDS

if TYPE_CHECKING:
    import pandas as pd

    from breakout.bundle.folder import Bundle


class BundleModel:
    """A bundle (a saved model) with the method `predict` that MLflow calls."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, features: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return a frame with the column `probability` and the index of `features`; `params` has no effect."""
        import pandas as pd

        del params
        bundle, values = self._bundle, features.astype("float64")
        beside: dict[str, Any] = {name: values[name].to_numpy() for name in KINDS[bundle.model.kind].row_columns}
        probability = bundle.predict_probability(Rows(values[list(bundle.model.names)], **beside))
        return pd.DataFrame({"probability": probability}, index=features.index)


def _load_pyfunc(path: str) -> BundleModel:
    """Load the bundle (a saved model) in the folder `path`; MLflow calls this function by its name."""
    from breakout.bundle.folder import read_bundle

    return BundleModel(read_bundle(Path(path)))


def save_mlflow_model(bundle: Path, folder: Path) -> None:
    """Write an MLflow model that contains a copy of the bundle (a saved model) into `folder`.

    DataError if the bundle's contract or manifest is missing or damaged. MlflowException if `folder` exists and is not
    empty.
    """
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    from breakout.bundle.folder import load_contract
    from breakout.bundle.manifest import load_manifest

    contract, kind = load_contract(bundle), KINDS[load_manifest(bundle).model.kind]
    inputs = Schema([ColSpec("double", name) for name in (*contract.names, *kind.row_columns)])
    with warnings.catch_warnings():
        # MLflow warns that there is no input example, although the signature makes an example unnecessary.
        warnings.filterwarnings("ignore", message=".*[Ii]nput example", category=UserWarning)
        mlflow.pyfunc.save_model(
            path=str(folder),
            loader_module=__name__,
            data_path=str(bundle),
            signature=ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double", "probability")])),
            pip_requirements=[f"breakout=={__version__}"],
            metadata={"contract_fingerprint": contract.fingerprint},
        )
