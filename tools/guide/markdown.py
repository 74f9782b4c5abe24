"""As much of Markdown as docs/guide uses, to HTML."""

import html
import re


def inline(text: str) -> str:
    """Code, links, emphasis. What is in code stays as it is."""
    parts = re.split(r"(`[^`]+`)", text)
    out = []
    for part in parts:
        if part.startswith("`"):
            out.append(code(part[1:-1]))
            continue
        part = html.escape(part, quote=False)
        part = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", link, part)
        part = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", part)
        part = re.sub(r"(?<![\w*])\*([^*]+)\*(?![\w*])", r"<em>\1</em>", part)
        out.append(part)
    return "".join(out)


def code(text: str) -> str:
    """Lines break between words, not at the hyphens of a flag."""
    words = [f"<span>{html.escape(word)}</span>" if "-" in word else html.escape(word) for word in text.split(" ")]
    return f"<code>{' '.join(words)}</code>"


def link(match: re.Match) -> str:
    """Chapters link to each other; other documents are not among the pages."""
    words, target = match.groups()
    if not target.endswith(".md"):
        return words
    if "/" in target:
        return f"<code>{target.removeprefix('../')}</code>"
    return f'<a href="{target[:-3]}.html">{words}</a>'


def blocks(text: str):
    """Kind and lines of each block: heading, code, item list, table, image, paragraph."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        kind = kind_of(line)
        block = [line]
        at += 1
        while at < len(lines) and continues(kind, lines[at]):
            block.append(lines[at])
            at += 1
        yield kind, block


def kind_of(line: str) -> str:
    if line.startswith("#"):
        return "heading"
    if line.startswith("    "):
        return "code"
    if re.match(r"(- |\d+\. )", line):
        return "list"
    if line.startswith("|"):
        return "table"
    if line.startswith("<!-- "):
        return "image"
    return "paragraph"


def continues(kind: str, line: str) -> bool:
    if kind in ("heading", "image"):
        return False
    if kind == "code":
        return line.startswith("    ")
    if kind == "list":
        return line.startswith("  ") or re.match(r"(- |\d+\. )", line) is not None
    if kind == "table":
        return line.startswith("|")
    return bool(line.strip()) and kind_of(line) == "paragraph"


def to_html(text: str, image) -> str:
    """`image(words, target)` gives what stands for a line `<!-- target words -->`."""
    out = []
    for kind, lines in blocks(text):
        if kind == "heading":
            marks, words = lines[0].split(" ", 1)
            out.append(f"<h{len(marks)}>{inline(words)}</h{len(marks)}>")
        elif kind == "code":
            out.append("<pre>" + html.escape("\n".join(line[4:] for line in lines)) + "</pre>")
        elif kind == "list":
            out.append(list_html(lines))
        elif kind == "table":
            out.append(table_html(lines))
        elif kind == "image":
            target, words = re.fullmatch(r"<!-- (\S+) ?(.*) -->", lines[0].strip()).groups()
            out.append(image(words, target))
        else:
            out.append("<p>" + inline(" ".join(lines)) + "</p>")
    return "\n".join(out)


def list_html(lines: list[str]) -> str:
    items = []
    for line in lines:
        if re.match(r"(- |\d+\. )", line):
            items.append(re.sub(r"^(- |\d+\. )", "", line))
        else:
            items[-1] += " " + line.strip()
    tag = "ol" if lines[0][0].isdigit() else "ul"
    return f"<{tag}>" + "".join(f"<li>{inline(item)}</li>" for item in items) + f"</{tag}>"


def table_html(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    head, body = rows[0], rows[2:]
    out = "<table><tr>" + "".join(f"<th>{inline(cell)}</th>" for cell in head) + "</tr>"
    for row in body:
        out += "<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>"
    return out + "</table>"
