import io

from trainer.corpus.progress import showing_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_elsewhere_a_line_a_second_at_most():
    stream, now = io.StringIO(), [0.0]

    with showing_progress(stream, lambda: now[0]) as report:
        for step in range(50):
            now[0] = step * 0.1
            report("tokenising", step, 50)

    assert stream.getvalue().splitlines() == [
        "tokenising 0 %", "tokenising 20 %", "tokenising 40 %", "tokenising 60 %",
        "tokenising 80 %",
    ]  # fmt: skip


def test_an_unknown_whole_has_no_percent():
    stream = io.StringIO()

    with showing_progress(stream) as report:
        report("fetching", 0, 0)

    assert stream.getvalue() == "fetching\n"


def test_a_terminal_gets_a_bar_that_survives_foreign_names():
    stream = Terminal()

    with showing_progress(stream) as report:
        report("fetching [/x] \x1b]0;title\x07", 0, 2)
        report("tokenising", 1, 2)
        report("tokenising", 2, 2)

    assert "tokenising" in stream.getvalue()
    assert "\x1b]0;title" not in stream.getvalue()
