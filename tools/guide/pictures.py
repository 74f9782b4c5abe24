"""The picture of each chapter, as SVG with the classes of the lab's plots."""

import html
import math

WIDTH, HEIGHT = 520, 240


def svg(label: str, shapes: list[str], height: int = HEIGHT) -> str:
    return (f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}" '
            f'aria-label="{html.escape(label)}">' + "".join(shapes) + "</svg>")  # fmt: skip


def line(a, b, style="grid"):
    return f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" class="{style}" />'


def dot(at, color=0, radius=9):
    return f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius}" class="f{color}" />'


def square(at, color=1, half=14):
    return f'<rect x="{at[0] - half:.1f}" y="{at[1] - half:.1f}" width="{2 * half}" height="{2 * half}" class="f{color}" />'


def words(at, text, anchor="middle", style="soft"):
    return f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" class="{style}">{html.escape(text)}</text>'


def box(x, y, width, height, text, style="panel"):
    return (f'<rect x="{x}" y="{y}" width="{width}" height="{height}" class="{style}" rx="4" />'
            + words((x + width / 2, y + height / 2 + 5), text, style=""))  # fmt: skip


def ring(middle, radius, count, turn=0.0):
    return [(middle[0] + radius * math.cos(turn + 2 * math.pi * i / count),
             middle[1] + radius * math.sin(turn + 2 * math.pi * i / count)) for i in range(count)]  # fmt: skip


def star_and_mesh(label):
    left, right = ring((130, 110), 80, 7, 0.3), ring((390, 110), 80, 7, 0.3)
    shapes = [line((130, 110), one, "axis") for one in left]
    shapes += [line(right[i], right[j], "axis") for i in range(7) for j in range(i) if (i * j + i) % 3 != 1]
    shapes += [square((130, 110))] + [dot(one) for one in left + right]
    shapes += [words((130, 225), "one server, seven clients"), words((390, 225), "seven peers")]
    return svg(label, shapes)


def server_and_swarm(label):
    shapes = [words((130, 225), "each part to everybody"), words((390, 225), "each part once, then on")]
    for left in (0, 260):
        source, others = (130 + left, 40), [(50 + 53 * i + left, 160) for i in range(4)]
        for i, one in enumerate(others):
            if left == 0:
                shapes += [line((source[0] + 6 * part - 3, source[1]), (one[0] + 6 * part - 3, one[1]), f"line c{part}")
                           for part in (0, 1)]  # fmt: skip
            else:
                shapes.append(line(source, one, f"line c{i % 2}"))
        if left:
            shapes += [line(a, b, f"line c{i % 2}") for i, (a, b) in enumerate(zip(others, others[1:]))]
        shapes += [square(source)] + [dot(one, 5) for one in others]
    return svg(label, shapes)


def halves(label):
    shapes, left, y = [], 30.0, 70
    width, bounds = 460.0, []
    for part in range(5):
        bounds.append((left + width / 2, left + width, part))
        width /= 2
    for start, end, part in bounds:
        shapes.append(f'<rect x="{start:.1f}" y="{y}" width="{end - start - 3:.1f}" height="60" class="panel" rx="4" />')
        for i in range(min(6, int((end - start) / 12))):
            shapes.append(dot((start + (i + 0.5) * (end - start) / min(6, int((end - start) / 12)), y + 30), part % 5, 5))
        name = ("half", "quarter", "eighth")
        if part < 3:
            shapes.append(words(((start + end) / 2, y + 82), name[part]))
    shapes += [dot((left + width / 2, y + 30), 5, 7), words((left, y - 16), "this node", "start")]
    shapes.append(words((260, 210), "the key space, from this node's id on"))
    return svg(label, shapes)


def stack(label):
    shapes = []
    names = ["/ipfs/ping", "/ipfs/kad", "bitswap", "yours"]
    for i, name in enumerate(names):
        shapes.append(box(40 + 112 * i, 20, 104, 40, name))
        shapes.append(line((92 + 112 * i, 60), (92 + 112 * i, 84), f"line c{i}"))
    shapes += [box(40, 84, 440, 38, "muxer: many streams"), box(40, 130, 440, 38, "security: both ids are proven"),
               box(40, 176, 440, 38, "TCP")]  # fmt: skip
    return svg(label, shapes)


def survivors(label):
    places = ring((260, 115), 95, 11) + ring((260, 115), 45, 5, 0.6)
    gone = {0, 4, 12}
    shapes = []
    for i in range(len(places)):
        for j in range(i):
            if math.dist(places[i], places[j]) < 92:
                dead = i in gone or j in gone
                shapes.append(line(places[i], places[j], "grid" if dead else "axis"))
    for i, place in enumerate(places):
        if i in gone:
            shapes.append(f'<path d="M{place[0] - 7:.0f} {place[1] - 7:.0f}l14 14m0 -14l-14 14" class="line c1" />')
        else:
            shapes.append(dot(place))
    return svg(label, shapes)


def program(label):
    shapes = [box(120, 16, 280, 44, "your program")]
    for i, name in enumerate(("protocols", "content", "peers")):
        shapes.append(box(60 + 140 * i, 84, 120, 40, name))
        shapes.append(line((120 + 140 * i, 60), (120 + 140 * i, 84), "axis"))
    shapes += [box(60, 140, 400, 38, "a node"), box(60, 188, 196, 38, "the real world"),
               box(264, 188, 196, 38, "a simulated one")]  # fmt: skip
    return svg(label, shapes)


def sybils(label):
    shapes = [f'<path d="M30 110h460" class="axis" />', square((260, 110), 5, 9), words((260, 150), "a key")]
    shapes += [dot((x, 110), 0) for x in (50, 95, 150, 365, 430, 470)]
    shapes += [dot((212 + 8.5 * i, 96 - 14 * (i % 3)), 1, 4) for i in range(12)]
    shapes += [words((260, 44), "ids of one attacker", style=""), words((95, 90), "honest nodes")]
    shapes += ['<path d="M80 180h360m-360 -6v12m360 -12v12" class="line c2" />',
               words((260, 205), "how far its twenty nearest should reach")]  # fmt: skip
    return svg(label, shapes)


PICTURES = {
    "star-and-mesh": star_and_mesh, "server-and-swarm": server_and_swarm, "halves": halves, "stack": stack,
    "survivors": survivors, "program": program, "sybils": sybils,
}  # fmt: skip
