"""Medians with their spread, as a table, as JSON lines and as a drawing."""

import json
import platform
import statistics
import time
from pathlib import Path

from process import run


def spread(values: list[float]) -> dict:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summary(name: str, size: int, runs: list[dict]) -> dict:
    """`runs`: the fields of Transfer and `prepare_seconds`, for each repetition."""
    column = {key: [each[key] for each in runs] for key in runs[0]}
    return {
        "system": name,
        "repetitions": len(runs),
        "mb_per_second": spread([size / seconds / 1e6 for seconds in column["seconds"]]),
        "sender_cpu_seconds": spread(column["sender_cpu_seconds"]),
        "receiver_cpu_seconds": spread(column["receiver_cpu_seconds"]),
        "sender_peak_rss_mb": max(column["sender_peak_rss_bytes"]) / 1e6,
        "receiver_peak_rss_mb": max(column["receiver_peak_rss_bytes"]) / 1e6,
        "prepare_seconds": spread(column["prepare_seconds"]),
    }


def ratios(results: list[dict]) -> None:
    """Adds to each result how many times faster it is than each other one, by median."""
    for result in results:
        result["ratio_to"] = {
            other["system"]: result["mb_per_second"]["median"] / other["mb_per_second"]["median"]
            for other in results
            if other is not result
        }


def machine() -> dict:
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    cores = Path("/proc/cpuinfo").read_text().count("processor\t:")
    congestion = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return {"cpu": model, "cores": cores, "kernel": platform.release(), "congestion": congestion}


def commit() -> str:
    here = Path(__file__).parent
    changed = run("git", "-C", here, "status", "--porcelain", "--untracked-files=no").strip()
    return run("git", "-C", here, "rev-parse", "HEAD").strip() + ("+changes" if changed else "")


def append(path: Path, figure: str, size: int, results: list[dict]) -> None:
    common = {
        "figure": figure, "bytes": size, "commit": commit(), "machine": machine(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    with open(path, "a") as file:
        for result in results:
            file.write(json.dumps({**common, **result}) + "\n")


def print_table(results: list[dict]) -> None:
    host = machine()
    print(f"{host['cpu']}, {host['cores']} cores, TCP congestion control {host['congestion']}")
    print("MB/s: median (min to max); CPU: seconds, sender + receiver; RSS: peak MB, the same\n")
    names = [result["system"] for result in results]
    width = max(map(len, names))
    print("  ".join([" " * width, f"{'MB/s':>20}", f"{'CPU s':>13}", f"{'RSS MB':>11}",
                     f"{'prepare s':>9}", *(f"x {name}" for name in names)]))  # fmt: skip
    for result in results:
        speed = result["mb_per_second"]
        cpu = [result[end + "_cpu_seconds"]["median"] for end in ("sender", "receiver")]
        rss = [result[end + "_peak_rss_mb"] for end in ("sender", "receiver")]
        cells = [
            f"{result['system']:{width}}",
            f"{speed['median']:6.0f} ({speed['min']:.0f} to {speed['max']:.0f})".rjust(20),
            f"{cpu[0]:.2f} + {cpu[1]:.2f}".rjust(13),
            f"{rss[0]:.0f} + {rss[1]:.0f}".rjust(11),
            f"{result['prepare_seconds']['median']:9.2f}",
        ]
        for name in names:
            ratio = result["ratio_to"].get(name, 1.0)
            cells.append(f"{ratio:.2f}".rjust(len(name) + 2))
        print("  ".join(cells))


def draw(path: Path, title: str, results: list[dict]) -> None:
    """Horizontal bars of the medians, whiskers from the least to the most."""
    left, right, row, top = 190, 560, 34, 44
    most = max(result["mb_per_second"]["max"] for result in results)
    host = machine()

    def x(value: float) -> float:
        return left + (right - left) * value / most

    shapes = []
    for index, result in enumerate(results):
        y, speed = top + index * row, result["mb_per_second"]
        middle = y + 11
        shapes += [
            f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{result["system"]}</text>',
            f'<rect x="{left}" y="{y}" width="{x(speed["median"]) - left:.1f}" height="22" '
            f'fill="{"#0a7ea4" if index == 0 else "#b8c4cc"}"/>',
            f'<path d="M{x(speed["min"]):.1f} {middle}H{x(speed["max"]):.1f}'
            f'M{x(speed["min"]):.1f} {y + 6}v10M{x(speed["max"]):.1f} {y + 6}v10" stroke="#333"/>',
            f'<text x="{right + 12}" y="{y + 15}">{speed["median"]:.0f} MB/s</text>',
        ]
    height = top + len(results) * row + 26
    note = f"{host['cpu']}, {host['cores']} cores; median of {results[0]['repetitions']}, whiskers min to max"
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {height}" '
        'font-family="sans-serif" font-size="13">\n'
        f'<rect width="660" height="{height}" fill="#fff"/>\n'
        f'<text x="16" y="24" font-size="15" font-weight="bold">{title}</text>\n'
        + "\n".join(shapes)
        + f'\n<text x="16" y="{height - 10}" font-size="11" fill="#555">{note}</text>\n</svg>\n'
    )
