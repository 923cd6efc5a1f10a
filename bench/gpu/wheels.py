"""Installs those wheels of a folder whose packages this Python lacks, without any network.

    python -m bench.gpu.wheels FOLDER SITE

Into SITE, which belongs on PYTHONPATH, so that nothing that is installed is replaced. One wheel
that cannot be installed (made for another Python or system) does not keep the others away.
"""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path


def main() -> int:
    folder, site = map(Path, sys.argv[1:3])
    missing = [wheel for wheel in sorted(folder.glob("*.whl")) if not is_installed(wheel)]
    failed = [wheel for wheel in missing if not install(wheel, folder, site)]
    print(f"{len(missing) - len(failed)} of {len(missing)} missing packages installed in {site}")
    for wheel in failed:
        print(f"not installed: {wheel.name}", file=sys.stderr)
    return 1 if failed else 0


def is_installed(wheel: Path) -> bool:
    try:
        importlib.metadata.version(project(wheel))
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def project(wheel: Path) -> str:
    """Return the project of a wheel: its file name up to the first dash, in normal form."""
    return re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()


def install(wheel: Path, folder: Path, site: Path) -> bool:
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
        "--disable-pip-version-check", "--find-links", str(folder), "--target", str(site),
        str(wheel),
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
