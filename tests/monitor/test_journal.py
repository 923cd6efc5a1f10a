"""Events and output in one list."""

from tokmon.monitor.journal import MAX_ENTRIES, Journal
from tokmon.rundir.records import Event


def texts(journal: Journal) -> list[str]:
    return [entry.event or entry.text for entry in journal.entries()]


def test_what_was_there_is_interleaved_by_the_steps_that_the_output_names() -> None:
    journal = Journal()

    journal.add(
        [Event(event="start", step=0), Event(event="best", step=200), Event(event="end", step=300)],
        [
            "loading",
            "step 100 loss 3",
            "Step: 200, loss 2",
            "step 300 loss 1",
            "Traceback",
            "Error",
        ],
    )

    assert texts(journal) == [
        "start", "loading", "step 100 loss 3", "Step: 200, loss 2", "best", "step 300 loss 1",
        "end", "Traceback", "Error",
    ]  # fmt: skip


def test_later_looks_are_appended() -> None:
    journal = Journal()
    journal.add([], ["step 500"])
    journal.add([Event(event="best", step=100)], [])

    assert texts(journal) == ["step 500", "best"]


def test_a_number_without_end_is_no_step() -> None:
    journal = Journal()
    journal.add([Event(event="best", step=5)], ["step " + "9" * 500])

    assert texts(journal)[0] == "best"


def test_a_line_that_repeats_an_event_gives_it_its_place() -> None:
    journal = Journal()

    journal.add(
        [Event(event="best", step=9, message="loss 4"), Event(event="finish", message="done")],
        ["one", "best: loss 4", "two", "finish: done", "three"],
    )

    assert texts(journal) == ["one", "best", "two", "finish", "three"]


def test_an_event_and_its_echo_may_come_at_different_looks() -> None:
    journal = Journal()
    journal.add([], ["one", "best: loss 4", "two"])
    journal.add([Event(event="best", message="loss 4")], [])
    journal.add([Event(event="checkpoint", message="saved")], ["three"])
    journal.add([], ["checkpoint: saved", "four"])

    assert texts(journal) == ["one", "best", "two", "checkpoint", "three", "four"]


def test_only_the_newest_are_kept() -> None:
    journal = Journal()
    for number in range(1000):
        journal.add([], [f"line {number}"])

    assert len(journal.entries()) == MAX_ENTRIES
    assert journal.entries()[-1].text == "line 999"
