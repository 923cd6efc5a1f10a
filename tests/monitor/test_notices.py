"""What is news rings once; what was there before does not."""

from dataclasses import replace

from tests.monitor.alert_frames import START
from tests.monitor.states import state_of
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.notices import Notice, Notices
from tokmon.monitor.notify_settings import NotifySettings
from tokmon.monitor.state import Health, Phase, Severity

OLD = AlertSpan(
    rule="spike", severity=Severity.WARNING, message="an old spike", begun_at=START, is_open=True
)
NEW = replace(OLD, message="a new spike", begun_at=START + 60, first_step=500)
RUNNING = state_of([3.0] * 5)


def news(settings: NotifySettings | None = None) -> Notices:
    """Return notices that have looked at the run once."""
    notices = Notices(settings or NotifySettings(bell=True))
    assert notices.look(RUNNING, (OLD,)) is None
    return notices


def test_a_new_alert_rings_once() -> None:
    notices = news()

    notice = notices.look(RUNNING, (OLD, NEW))

    assert notice is not None
    assert notice.title == "tokmon: x (warning)"
    assert notice.message == "a new spike at step 500"
    assert notices.look(RUNNING, (OLD, replace(NEW, message="it got worse"))) is None
    assert notices.look(RUNNING, (OLD,)) is None
    assert notices.look(RUNNING, (OLD, replace(NEW, is_open=False))) is None


def test_a_change_of_state_rings_where_it_is_asked_for() -> None:
    crashed = replace(RUNNING, health=Health(Phase.CRASHED, "the trainer crashed: \x07"))
    saving = replace(RUNNING, health=Health(Phase.SAVING, "a checkpoint is being written"))
    notices = news()

    assert notices.look(saving, (OLD,)) is None
    notice = notices.look(crashed, (OLD, NEW))

    assert notice is not None
    assert notice.severity is Severity.ERROR
    assert notice.message == "CRASHED: the trainer crashed: ^G; a new spike at step 500"
    assert notices.look(crashed, (OLD, NEW)) is None


def test_less_than_what_is_asked_for_does_not_ring() -> None:
    notices = news(NotifySettings(bell=True, severity=Severity.ERROR))

    assert notices.look(RUNNING, (OLD, NEW)) is None


def test_while_the_log_is_read_nothing_is_news() -> None:
    notices = Notices(NotifySettings(bell=True))

    assert notices.look(replace(RUNNING, loaded_fraction=0.3), ()) is None
    assert notices.look(RUNNING, (OLD,)) is None
    assert notices.look(RUNNING, (OLD, NEW)) is not None


def test_joined_notices_have_the_gravest_severity_and_count_the_rest() -> None:
    notice = Notice(
        experiment="x", run="/x", severity=Severity.ERROR, phase=Phase.RUNNING, step=1,
        messages=("a", "b"),
    )  # fmt: skip

    joined = notice.joined(replace(notice, severity=Severity.INFO, step=2, messages=("c", "d")))

    assert (joined.severity, joined.step) == (Severity.ERROR, 2)
    assert joined.message == "a; b; c; and 1 more"
