"""The command `breakout shadow`, which adds, lists or removes shadows.

A shadow is a challenger scored in parallel with production. Its predictions are recorded and graded.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError, DataError, nearest_name
from breakout.ledger.shadows import Shadows
from breakout.production.bundle_gate import check_contract, find_bundle
from breakout.production.bundle_names import resolve_bundle
from breakout.production.registry import Registry
from breakout.programs.arguments import outputs_folder
from breakout.report.terminal.ledger import print_shadows
from breakout.report.terminal.lines import print_line

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("add", "list", "remove")


def main(arguments: Sequence[str]) -> int:
    """Add or remove a shadow (a challenger) if the arguments say so, print all shadows, and return the exit code.

    - ConfigurationError if the arguments are not understood, if the bundle (a saved model) to add is in production, or
      if no shadow or several shadows match the bundle to remove.
    - GateError if the bundle to add has definitions of features or label that differ from the installed ones.
    - DataError if the bundle to add is missing or damaged, or if a file cannot be written or removed.
    """
    actions = [argument for argument in arguments if "=" not in argument] or ["list"]
    given = [argument.partition("=")[2] for argument in arguments if argument.startswith("bundle=")]
    if len(actions) > 1 or actions[0] not in ACTIONS or (actions[0] == "list") == bool(given) or len(given) > 1:
        guess = None if actions[0] in ACTIONS else nearest_name(actions[0], ACTIONS)
        raise ConfigurationError(
            (f"there is no `shadow {actions[0]}`, did you mean {guess}? Type" if guess else "type")
            + " `breakout shadow list`, `breakout shadow add bundle=NAME` or `breakout shadow remove bundle=NAME`."
        )
    overrides = [argument for argument in arguments if "=" in argument and not argument.startswith("bundle=")]
    outputs = outputs_folder(overrides)
    shadows = Shadows.of(outputs)
    if actions[0] == "add":
        add(shadows, given[0], outputs)
    elif actions[0] == "remove":
        shadows.remove(find_shadow(shadows, given[0], outputs))
    print_shadows(shadows)
    return 0


def add(shadows: Shadows, given: str, outputs: str) -> None:
    """Add the bundle (a saved model) with the name or path `given` to the shadows (challengers of production).

    Print a line if the bundle is a shadow already. The errors are described in `main`.
    """
    bundle = find_bundle(resolve_bundle(given, outputs))
    check_contract(bundle)
    if Registry.of(outputs).current() == bundle.fingerprint:
        raise ConfigurationError(f"{bundle.fingerprint} is in production, so it is predicted anyway.")
    if not shadows.add(bundle):
        print_line(f"{bundle.fingerprint} is a shadow already")


def find_shadow(shadows: Shadows, given: str, outputs: str) -> str:
    """Return the fingerprint of a shadow; `given` is this fingerprint, a name, or the path of the shadow's bundle.

    A name still works after the run with this name was deleted or repeated. ConfigurationError if no shadow or several
    shadows match, or if `given` is the name of both a bundle and a file.
    """
    known = shadows.fingerprints()
    if given in known:
        return given
    with contextlib.suppress(DataError):  # If no bundle is found, the lines below look for the name of a shadow.
        fingerprint = find_bundle(resolve_bundle(given, outputs)).fingerprint
        if fingerprint in known:
            return fingerprint
    names = shadows.names()
    found = [fingerprint for fingerprint in known if names[fingerprint] == given.removeprefix("latest:")]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(f"several shadows have the name {given}; give a fingerprint: {', '.join(found)}.")
    listed = ", ".join(f"{fingerprint} ({names[fingerprint] or 'damaged'})" for fingerprint in known)
    raise ConfigurationError(f"{given} is no shadow; the shadows are: {listed or 'none'}.")
