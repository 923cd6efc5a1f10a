"""What happened in between is told in sentences, the gravest first."""

from dataclasses import replace

from tests.monitor.alert_frames import LINE_S, START, frame_of, told
from tests.monitor.states import state_of
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.away import heading, while_away
from tokmon.monitor.state import Best, RunState, Severity

LINES = 1_000
SPAN = AlertSpan(
    rule="spike", severity=Severity.WARNING, message="a spike", first_step=90_000,
    begun_at=START + 3_600,
)  # fmt: skip


def run() -> RunState:
    evaluations = [4 - line / 500 if line % 100 == 99 else None for line in range(LINES)]
    return state_of(
        [3.0] * LINES,
        max_steps=200_000,
        frame=frame_of(train_loss=[3.0] * LINES, val_loss=evaluations),
        best=Best(step=100_000, val_loss=2.0, val_ppl=7.4),
        events=(
            told("resume", 300, 7_500),
            told("checkpoint", 3_000, 75_000),
            told("checkpoint", 3_900, 97_500),
            told("crash", 3_950, 98_000, message="\x1bout of memory"),
        ),
    )


def test_each_kind_of_news_is_one_sentence() -> None:
    spans = (SPAN, replace(SPAN, severity=Severity.ERROR, message="a null", is_open=True))

    said = while_away(run(), spans, START + 2_000)

    assert said == (
        "it crashed at step 98,000: ^[out of memory",
        "2 alerts: a null at step 90,000; a spike at step 90,000, over",
        "best val loss 2.0020 at step 100,000, before 3.0020".replace("2.0020", "2.0000"),
        "2 checkpoints saved, the last at step 97,500",
        "from step 50,000 to 100,000",
    )
    assert heading(run(), START + 2_000) == "while you were away (33 min)"


def test_a_short_absence_and_an_old_story_are_not_told() -> None:
    state = run()

    assert while_away(state, (SPAN,), state.now - 200) == ()
    assert while_away(replace(state, loaded_fraction=0.5), (SPAN,), START) == ()
    quiet = replace(state, now=state.now + 9_000)
    assert while_away(quiet, (SPAN,), START + LINES * LINE_S) == ()


def test_many_alerts_are_counted() -> None:
    said = while_away(run(), (SPAN,) * 7, START + 2_000)

    assert "7 alerts" in said[1]
    assert said[1].endswith("and 4 more")
