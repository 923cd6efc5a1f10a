"""Where curves and words of the comparison stand, by the size of the terminal."""

WIDTHS = [(0, "-tiny"), (70, "-narrow"), (130, "-wide")]
HEIGHTS = [(0, "-short"), (20, "-medium"), (36, "-tall")]

CSS = """
ComparisonScreen { background: $background; color: $foreground; layout: vertical; }
ComparisonScreen #comparison-heading { height: 1; padding: 0 1; }
ComparisonScreen #comparison-body { height: 1fr; layout: vertical; }
ComparisonScreen #comparison-charts { height: 1fr; }
ComparisonScreen #comparison-delta { display: none; height: 1fr; }
ComparisonScreen.-delta #comparison-delta { display: block; }
ComparisonScreen #comparison-text {
    height: 45%;
    border-top: solid $border;
    border-title-color: $text-muted;
    padding: 0 1;
    scrollbar-size-vertical: 1;
    scrollbar-color: $border;
    scrollbar-background: $background;
}
ComparisonScreen #comparison-text:focus {
    border-top: solid $primary;
    border-title-color: $primary;
}
ComparisonScreen #comparison-words { width: 1fr; height: auto; }
ComparisonScreen.-wide #comparison-body { layout: horizontal; }
ComparisonScreen.-wide #comparison-charts { width: 1fr; height: 100%; }
ComparisonScreen.-wide #comparison-text { width: 66; height: 100%; }
ComparisonScreen.-short #comparison-text, ComparisonScreen.-tiny #comparison-text {
    display: none;
    height: 1fr;
}
ComparisonScreen.-short.-words #comparison-text,
ComparisonScreen.-tiny.-words #comparison-text {
    display: block;
}
ComparisonScreen.-short.-words #comparison-charts,
ComparisonScreen.-tiny.-words #comparison-charts { display: none; }
ComparisonScreen.-short.-delta #comparison-curves,
ComparisonScreen.-narrow.-medium.-delta #comparison-curves { display: none; }
ComparisonScreen.-ascii #comparison-text { scrollbar-size-vertical: 0; }
ComparisonScreen.-ascii ComparisonChart, ComparisonScreen.-ascii #comparison-text,
ComparisonScreen.-ascii #comparison-text:focus {
    border-top: ascii $border;
}
"""
