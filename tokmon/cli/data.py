"""`tokmon data`: build a corpus, look at one, pack one."""

from pathlib import Path

import click

from tokmon.cli.extras import require_train_extra
from tokmon.rundir.errors import TokmonError


@click.group(short_help="Build a corpus, look at one, pack one.")
def data() -> None:
    """Build a corpus from a recipe, a folder or a file, look at what was built, pack it."""


@data.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "output",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to build; the user's cache folder otherwise.",
)
def build(recipe: Path, output: Path | None) -> None:
    """Build the corpus that RECIPE names: a .toml, or a folder of source files.

    One that is in the cache already is only opened. A packed corpus is unpacked.
    """
    require_train_extra("building a corpus", "tiktoken")
    # Deferred: the trainer's half, whose imports the help text need not pay.
    from rich.console import Console

    from trainer.corpus.build import open_or_build
    from trainer.corpus.progress import showing_progress
    from trainer.corpus.show import print_summary

    with showing_progress() as progress:
        corpus = open_or_build(recipe, progress, output)
    print_summary(Console(), corpus)


@data.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--tokens",
    "count",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Show N random documents with their token boundaries.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Which documents.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest and histograms as JSON.")
def show(folder: Path, count: int, seed: int, as_json: bool) -> None:
    """Show the built corpus in DIR: manifest, histograms, documents. DIR may be a packed one."""
    require_train_extra("showing a corpus", "tiktoken")
    import msgspec
    from rich.console import Console

    from trainer.corpus import show as printing
    from trainer.corpus.packed import is_packed, open_packed
    from trainer.corpus.progress import showing_progress
    from trainer.corpus.store import Corpus
    from trainer.tokenizer import load_tokenizer

    if folder.suffix == ".toml":
        raise TokmonError(
            f"{folder}: a recipe", "build it with `tokmon data build`, show the folder"
        )
    with showing_progress() as progress:
        corpus = open_packed(folder, progress) if is_packed(folder) else Corpus.open(folder)
    tokenizer = load_tokenizer()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(printing.as_json(corpus, tokenizer))))
        return
    console = Console(highlight=False)
    printing.print_summary(console, corpus)
    printing.print_portrait(console, corpus, tokenizer)
    printing.print_documents(console, corpus, tokenizer, count, seed)


@data.command()
@click.argument("reference", metavar="CORPUS", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What to write; NAME.corpus.tar.xz here otherwise.",
)
def pack(reference: Path, output: Path | None) -> None:
    """Pack a corpus into one file, for a machine without a network.

    CORPUS is a built corpus folder, or anything that `tokmon data build` takes. The file is
    accepted wherever a corpus is: `data.corpus` of a config, `tokmon data build FILE -o DIR`.
    """
    require_train_extra("packing a corpus", "tiktoken")
    from trainer.corpus.build import open_or_build
    from trainer.corpus.pack import pack as write_packed
    from trainer.corpus.pack import packed_name
    from trainer.corpus.progress import showing_progress

    with showing_progress() as progress:
        corpus = open_or_build(reference, progress)
        output = output or Path(packed_name(corpus))
        write_packed(corpus, output, progress)
    tokens, size_mb = corpus.manifest.tokens, output.stat().st_size / 1e6
    click.echo(f"{output}  {size_mb:,.2f} MB, {tokens:,} tokens, {corpus.manifest.fingerprint}")
