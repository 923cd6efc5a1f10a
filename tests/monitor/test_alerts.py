"""What is told now out of the alert history."""

from dataclasses import replace

from tests.monitor.alert_frames import frame_of, noisy, spans_of
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.alerts import Evidence, find
from tokmon.monitor.digest import digest
from tokmon.monitor.series import Frame
from tokmon.monitor.state import Health, Phase, Severity


def evidence(
    *spans: AlertSpan, phase: Phase = Phase.RUNNING, frame: Frame | None = None
) -> Evidence:
    return Evidence(
        health=Health(phase, "because"),
        digest=digest(frame or frame_of(train_loss=[3.0, 2.0])),
        info=None,
        events=(),
        system=None,
        system_age_s=None,
        bad_line_count=0,
        refused_keys=0,
        spans=spans,
    )


SPIKE = AlertSpan(rule="spike", severity=Severity.WARNING, message="a spike", is_open=True)
IDLE = replace(SPIKE, rule="gpu_idle", message="an idle GPU")


def test_open_spans_are_told_and_closed_ones_are_not() -> None:
    told = find(evidence(SPIKE, replace(SPIKE, is_open=False, message="an old one")))

    assert [alert.message for alert in told] == ["a spike"]


def test_an_ended_run_has_no_idle_gpu_but_keeps_its_open_spike() -> None:
    told = find(evidence(SPIKE, IDLE, phase=Phase.FINISHED))

    assert [alert.message for alert in told] == ["a spike"]
    assert len(find(evidence(SPIKE, IDLE))) == 2


def test_what_the_digest_tells_is_not_told_twice() -> None:
    frame = frame_of(train_loss=noisy(50), val_loss=[0.1] * 50)
    spans = spans_of(frame)

    told = find(evidence(*spans, frame=frame))

    assert [span.rule for span in spans] == ["too_good"]
    assert sum("too good" in alert.message for alert in told) == 1
