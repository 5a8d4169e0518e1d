"""`breakout shadow`: it adds, lists or removes shadows, the models that predict beside the model in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError
from breakout.ledger.shadows import Shadows
from breakout.production.bundle_gate import check_contract, find_bundle
from breakout.production.bundle_names import resolve_bundle
from breakout.production.registry import Registry
from breakout.programs.folders import outputs_folder
from breakout.report.terminal.ledger import print_shadows
from breakout.report.terminal.lines import print_line

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("add", "list", "remove")


def main(arguments: Sequence[str]) -> int:
    """Add, list or remove shadows; return the exit code.

    ConfigurationError for other arguments. GateError if the contract of a bundle to add is not that of the installed
    feature definitions.
    """
    actions = [argument for argument in arguments if "=" not in argument] or ["list"]
    given = [argument.partition("=")[2] for argument in arguments if argument.startswith("bundle=")]
    if len(actions) > 1 or actions[0] not in ACTIONS or (actions[0] == "list") == bool(given) or len(given) > 1:
        raise ConfigurationError(
            "type `breakout shadow list`, `breakout shadow add bundle=DIR` or "
            "`breakout shadow remove bundle=FINGERPRINT`."
        )
    outputs = outputs_folder([a for a in arguments if "=" in a and not a.startswith("bundle=")])
    shadows = Shadows.of(outputs)
    if actions[0] == "add":
        add(shadows, given[0], outputs)
    elif actions[0] == "remove":
        shadows.remove(given[0])
    print_shadows(shadows)
    return 0


def add(shadows: Shadows, given: str, outputs: str) -> None:
    """Make the bundle that `given` names a shadow; ConfigurationError if it is the model in production."""
    bundle = find_bundle(resolve_bundle(given, outputs))
    check_contract(bundle)
    if Registry.of(outputs).current() == bundle.fingerprint:
        raise ConfigurationError(f"{bundle.fingerprint} is in production, so it is predicted anyway.")
    if not shadows.add(bundle):
        print_line(f"{bundle.fingerprint} is a shadow already")
