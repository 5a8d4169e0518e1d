"""The loading of a bundle (a saved model), with a check of its contract: the definitions of features and label.

A bundle is refused if its contract differs from the definitions in the installed version of `breakout`. Otherwise the
model would get features with other definitions than in its training, and no other check would find this.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.bundle.folder import Bundle, read_bundle
from breakout.errors import GateError
from breakout.features import registry
from breakout.features.contract import Contract, build_contract, diff_contracts
from breakout.features.query_plan import FeatureDefinitionError
from breakout.production.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings import AskedCutoffConfig


def find_bundle(path: str | Path) -> Bundle:
    """Return the saved model at `path`, after verifying its files but not its definitions of features and label.

    `path` is the folder of a bundle, of a run, or of a registry. For a registry, the result is the model in production.
    DataError if the model is missing or damaged, or if the registry is damaged or has no model in production.
    ConfigurationError if this version refuses the settings of the model.
    """
    folder = Path(path)
    return Registry(folder).current_bundle() if Registry.is_at(folder) else read_bundle(folder)


def with_cutoff(bundle: Bundle, asked: AskedCutoffConfig) -> Bundle:
    """Return a saved model with another cutoff, the time up to which injury reports are used.

    If a setting in `asked` is None, the model keeps its value. If a feature reads injury reports, the cutoff is part of
    the contract (the definition of features and label). This function does not check the new contract.
    """
    given = {key: value for key, value in asdict(asked).items() if value is not None}
    return replace(bundle, asked_availability=replace(bundle.features.availability, **given)) if given else bundle


def open_bundle(path: str | Path) -> Bundle:
    """Return the saved model at `path`, after verifying its files and checking its contract.

    `path` is the folder of a bundle, of a run, or of a registry. For a registry, the result is the model in production.

    GateError if the model's contract (its definitions of features and label) is not the contract of the installed
    version of `breakout`. DataError if the model is missing or damaged, or if the registry is damaged or has no model
    in production. ConfigurationError if this version refuses the settings of the model.
    """
    bundle = find_bundle(path)
    check_contract(bundle)
    return bundle


def check_contract(bundle: Bundle, *, allow_mismatch: bool = False) -> tuple[str, ...]:
    """Check that a saved model has the contract of the installed version of `breakout`.

    A contract is the definition of features and label. GateError if the contracts differ. If `allow_mismatch` is true,
    return a sentence for each difference instead; the caller must then mark the output. GateError in any case if the
    installed version does not define a feature of the model.
    """
    differences = contract_differences(bundle)
    absent = [name for name in bundle.contract.names if name not in bundle.features.registry]
    if differences and (absent or not allow_mismatch):
        raise GateError(_refusal(bundle, differences, absent if allow_mismatch else ()))
    return differences


def contract_differences(bundle: Bundle) -> tuple[str, ...]:
    """Return a sentence for each difference between the bundle's contract and the installed version's contract.

    A contract is the definition of features and label. If the definitions in the installed version of `breakout` are
    invalid, the result is one sentence that says so.
    """
    try:
        return tuple(diff_contracts(bundle.contract, installed_contract(bundle)))
    except FeatureDefinitionError as error:
        return (f"the installed definitions cannot be resolved: {error}",)


def installed_contract(bundle: Bundle) -> Contract:
    """Return the contract that a new run with the bundle's mode, features, target and cutoff would have.

    A contract is the definition of features and label. The new run would use the installed version of `breakout`.
    Features that this version does not define are left out. In shared mode (`mode=shared`) the features are this
    version's BREAKOUT_FEATURE_ORDER. FeatureDefinitionError if a feature uses a column or feature that does not exist.
    """
    is_shared = bundle.settings.mode.name == "shared"
    order = registry.BREAKOUT_FEATURE_ORDER if is_shared else bundle.contract.names
    names = tuple(name for name in order if name in bundle.features.registry)
    return build_contract(replace(bundle.features, names=names))


def _refusal(bundle: Bundle, differences: Sequence[str], absent: Sequence[str]) -> str:
    listed = "".join(f"\n  {difference}" for difference in differences)
    if absent:
        remedy = f"{', '.join(absent)} cannot be computed any more, so the bundle cannot be scored at all."
    elif bundle.asked_availability and all(difference.startswith("availability.") for difference in differences):
        remedy = (
            "Leave out availability.*, train a bundle for this cutoff, or score nevertheless with "
            "allow_contract_mismatch=true."
        )
    else:
        remedy = "Train a new bundle, or install the version that this one was trained with."
    return (
        f"{bundle.folder} is refused: its contract {bundle.contract.fingerprint} is not that of the installed "
        f"feature definitions.{listed}\n{remedy}"
    )
