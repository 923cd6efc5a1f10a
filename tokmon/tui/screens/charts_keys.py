"""The keys of the screen of charts; the charts have keys of their own."""

from textual.binding import Binding, BindingType

CHARTS_KEYS: list[BindingType] = [
    Binding("question_mark,f1", "help", "Help", key_display="?", id="charts.help", tooltip="Keys"),
    Binding("escape,q", "leave", "Back", id="charts.leave", tooltip="Back to the run"),
    Binding("slash", "pick", "Metric", key_display="/", id="charts.pick", tooltip="Add one"),
    Binding(
        "tab,n", "turn(1)", "Next", id="charts.next", tooltip="Chart; the one before: shift+tab"
    ),
    Binding("shift+tab,N", "turn(-1)", show=False, id="charts.previous"),
    Binding("d", "remove", "Remove", id="charts.remove", tooltip="Take this chart away"),
    Binding("m", "enlarge", "Enlarge", id="charts.enlarge", tooltip="This chart alone"),
]
