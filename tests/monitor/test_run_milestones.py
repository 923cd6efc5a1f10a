"""Stations are passed at a clock time or expected at one."""

from tests.monitor.alert_frames import LINE_S, START, told
from tests.monitor.states import state_of
from tokmon.monitor.run_milestones import run_milestones
from tokmon.monitor.state import Phase

HALF_WAY = [3.0] * 60


def test_passed_ones_have_the_time_of_their_line_and_others_a_share_of_the_eta() -> None:
    found = run_milestones(state_of(HALF_WAY))

    now = START + 60 * LINE_S
    assert [(one.name, one.step, one.is_done, one.time) for one in found] == [
        ("20%", 2_000, True, START + 20 * LINE_S),
        ("warm-up", 2_000, True, START + 20 * LINE_S),
        ("50%", 5_000, True, START + 50 * LINE_S),
        ("100%", 10_000, False, now + 100.0),
    ]


def test_the_way_to_the_next_is_a_share_of_the_way_to_the_end() -> None:
    found = run_milestones(state_of([3.0] * 20, warmup=None))

    assert found[1].time == START + 20 * LINE_S + 100.0 * 3_000 / 8_000


def test_an_event_tells_the_time_better_than_the_line_after_it() -> None:
    warmup_end = told("warmup_end", 7.0, 2_000)

    found = run_milestones(state_of(HALF_WAY, warmup=None, events=(warmup_end,)))

    assert {one.time for one in found if one.step == 2_000} == {START + 7.0}
    assert "warm-up" in [one.name for one in found]


def test_an_ended_run_expects_nothing_and_one_of_unknown_length_has_no_stations() -> None:
    assert run_milestones(state_of(HALF_WAY, phase=Phase.STOPPED))[-1].time is None
    assert run_milestones(state_of(HALF_WAY, max_steps=None)) == ()
    assert run_milestones(state_of([], max_steps=100, warmup=0, step=None))[0].time is None
