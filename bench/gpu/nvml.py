"""Asks NVML everything that a monitor might, and keeps each answer or the error in its place."""

from typing import Any

QUESTIONS = (
    "Name", "UUID", "MemoryInfo", "UtilizationRates", "PowerUsage", "EnforcedPowerLimit",
    "PowerManagementLimit", "PowerManagementLimitConstraints", "PerformanceState",
    "CudaComputeCapability", "EncoderUtilization", "FanSpeed", "EccMode", "MigMode", "ComputeMode",
    "CurrentClocksEventReasons", "CurrentClocksThrottleReasons", "ComputeRunningProcesses",
    "CurrPcieLinkGeneration", "CurrPcieLinkWidth", "TotalEnergyConsumption", "PciInfo",
)  # fmt: skip
SYSTEM_QUESTIONS = ("DriverVersion", "NVMLVersion", "CudaDriverVersion")


def ask_nvml() -> dict[str, Any]:
    """Return the answers of the library and of each GPU; `error` where there are none."""
    try:
        import pynvml
    except ImportError as error:
        return {"error": f"nvidia-ml-py: {error}"}
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return {"error": f"NVML: {error}"}
    try:
        count = pynvml.nvmlDeviceGetCount()
        return {
            "system": {name: answer(pynvml, f"nvmlSystemGet{name}") for name in SYSTEM_QUESTIONS},
            "devices": [device(pynvml, index) for index in range(count)],
        }
    except pynvml.NVMLError as error:
        return {"error": f"NVML: {error}"}
    finally:
        pynvml.nvmlShutdown()


def device(nvml: Any, index: int) -> dict[str, Any]:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    answers = {name: answer(nvml, f"nvmlDeviceGet{name}", handle) for name in QUESTIONS}
    sensor = getattr(nvml, "NVML_TEMPERATURE_GPU", 0)
    answers["Temperature"] = answer(nvml, "nvmlDeviceGetTemperature", handle, sensor)
    for kind in ("GRAPHICS", "SM", "MEM"):
        clock = getattr(nvml, f"NVML_CLOCK_{kind}", None)
        answers[f"ClockInfo {kind}"] = answer(nvml, "nvmlDeviceGetClockInfo", handle, clock)
    return answers


def answer(nvml: Any, question: str, *arguments: Any) -> Any:
    """Return what NVML says, as JSON has it."""
    function = getattr(nvml, question, None)
    if function is None:
        return {"error": "not in this nvidia-ml-py"}
    try:
        return plain(function(*arguments))
    except (nvml.NVMLError, TypeError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def plain(value: Any) -> Any:
    """Return numbers and text as they are, structures by their fields."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    fields = getattr(type(value), "_fields_", None) or getattr(value, "__dict__", None)
    if fields is None:
        return value if isinstance(value, int | float | str | None) else str(value)
    names = [field if isinstance(field, str) else field[0] for field in fields]
    return {name: plain(getattr(value, name)) for name in names}
