"""The keys of a chart, in one place for all of them. Holds no behaviour."""

from textual.binding import Binding, BindingType

CHART_BINDINGS: list[BindingType] = [
    Binding(
        "h,left",
        "move_crosshair(-1)",
        "Crosshair",
        show=False,
        id="chart.left",
        tooltip="Exact values at a step; the other way: l",
    ),
    Binding("l,right", "move_crosshair(1)", show=False, id="chart.right"),
    Binding(
        "H,shift+left",
        "pan(-1)",
        "Pan",
        show=False,
        id="chart.earlier",
        tooltip="Earlier; later: L, or drag with the mouse",
    ),
    Binding("L,shift+right", "pan(1)", show=False, id="chart.later"),
    Binding(
        "plus,equals_sign",
        "zoom(1)",
        "Closer",
        show=False,
        id="chart.closer",
        key_display="+",
        tooltip="Around the crosshair; or the mouse wheel",
    ),
    Binding(
        "minus",
        "zoom(-1)",
        "Farther",
        show=False,
        id="chart.farther",
        key_display="-",
        tooltip="Until all is in sight",
    ),
    Binding("0", "show_whole", "Whole", show=False, id="chart.whole", tooltip="All steps"),
    Binding(
        "f", "follow", "Follow", show=False, id="chart.follow", tooltip="Keep the newest in sight"
    ),
    Binding("y", "toggle_log", "Log y", show=False, id="chart.log_y", tooltip="Or linear again"),
    Binding(
        "x",
        "next_axis",
        "X axis",
        id="chart.axis",
        tooltip="Step, tokens, wall time, relative time in turn",
    ),
    Binding(
        "s",
        "next_smoothing",
        "Smoothing",
        show=False,
        id="chart.smoothing",
        tooltip="Stronger, none, weaker, as usual in turn",
    ),
    Binding(
        "slash,p",
        "pick",
        "Metric",
        id="chart.pick",
        key_display="/",
        tooltip="Any number of the log as a chart",
    ),
    Binding(
        "enter",
        "screen.enlarge",
        "Enlarge",
        show=False,
        id="chart.enlarge",
        tooltip="This chart alone",
    ),
    Binding(
        "escape",
        "clear_crosshair",
        "No crosshair",
        show=False,
        id="chart.clear",
        tooltip="Take the crosshair away",
    ),
]
