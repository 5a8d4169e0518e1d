"""How groups are shared out among workers: by their estimates, whatever these are."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout.sweeps.cost import ROWS_SECONDS
from breakout.sweeps.shares import ROWS_AT_HAND, Waiting, share_out


@dataclass(frozen=True, eq=False)
class Group:
    seconds: float
    rows: str = "january"


def seconds(share: list[Group]) -> float:
    return sum(group.seconds for group in share) + ROWS_SECONDS * len({group.rows for group in share})


GROUPS = st.lists(st.builds(Group, st.floats(0.01, 10), st.sampled_from("abcdef")), max_size=30)


@given(GROUPS, st.integers(1, 5))
def test_each_group_stands_in_one_share_and_no_share_is_far_too_long(groups: list[Group], workers: int) -> None:
    shares = share_out(groups, workers)
    assert len(shares) == workers
    assert sorted(map(id, groups)) == sorted(id(group) for share in shares for group in share)
    # Graham 1966: the last group of a share is begun no later than if all others were spread evenly; rows come on top.
    costs = [group.seconds for group in groups]
    setups = ROWS_SECONDS * (len({group.rows for group in groups}) + 1)
    assert max(map(seconds, shares)) <= sum(costs) / workers + max(costs, default=0.0) + setups + 1e-9


def test_shares_are_evened_out_where_the_costliest_first_does_not_suffice() -> None:
    groups = [Group(cost) for cost in (3.0, 3.0, 2.0, 2.0, 2.0)]  # costliest first: 3 + 2 + 2 against 3 + 2
    assert sorted(sum(group.seconds for group in share) for share in share_out(groups, 2)) == [6.0, 6.0]


def test_groups_of_the_same_rows_come_to_one_worker_where_that_costs_nothing() -> None:
    groups = [Group(1.0, rows) for rows in ("january", "january", "february", "february")]
    assert [len({group.rows for group in share}) for share in share_out(groups, 2)] == [1, 1]


def test_the_costliest_comes_first() -> None:
    (share,) = share_out([Group(1.0), Group(3.0), Group(2.0)], 1)
    assert [group.seconds for group in share] == [3.0, 2.0, 1.0]


def test_of_more_rows_than_a_worker_remembers_those_of_the_same_rows_come_together() -> None:
    windows = [f"window {number}" for number in range(ROWS_AT_HAND + 1)]
    (share,) = share_out([Group(cost, window) for cost in (1.0, 2.0) for window in windows], 1)
    assert [group.rows for group in share] == [window for window in windows for _ in range(2)]
    assert [group.seconds for group in share] == [2.0, 1.0] * len(windows)


def test_a_worker_that_is_done_takes_over_from_the_one_with_most_to_do() -> None:
    waiting = Waiting([Group(cost) for cost in (4.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0)], 3)
    own = waiting.take(0)
    assert own.seconds == 4.0
    assert waiting.take(0).seconds == 1.0  # its own share is empty: the others' cheapest
    waiting.put_back(own, 0)
    assert waiting.take(0) is own
    assert len(waiting) == 5
    while waiting:
        waiting.take(0)


@pytest.mark.parametrize("code", [0, 3])
def test_the_imports_of_the_workers_server_change_no_other_process(code: int) -> None:
    program = f"import breakout.sweeps.preload, sys; sys.exit({code})"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == code
