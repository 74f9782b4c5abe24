"""The library as other programs use it: installed, found, compiled, linked and run outside of this tree."""

import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from command import PATIENCE, SHOAL, CannotRun, Ended, bytes_of, run_tests

ROOT = Path(__file__).resolve().parent.parent
BUILD = Path(SHOAL).resolve().parent
CACHE = (BUILD / "CMakeCache.txt").read_text()
LISTEN = "/ip4/127.0.0.1/tcp/0"
LOAD_STREAMS, LOAD_BYTES = 8, 8_000_000
# Standard headers are 60,000; Boost.Asio would add more than there may be.
MOST_LINES = 85_000


def cached(name: str) -> str:
    return re.search(rf"^{name}:\w+=(.*)$", CACHE, re.M).group(1)


COMPILER = cached("CMAKE_CXX_COMPILER")
# What is instrumented can only be linked by what is instrumented, too; otherwise no flag is needed.
SANITIZERS = " ".join(re.findall(r"-fsanitize=\S+", cached("CMAKE_CXX_FLAGS")))


def call(*words, **options) -> str:
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, **options)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def install(folder: Path) -> Path:
    prefix = folder / "prefix"
    call("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


class Program(Ended):
    """An example under way: its lines as they come."""

    def __init__(self, *words, **options):
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **options)

    def line(self) -> str:
        line = self.process.stdout.readline().strip()
        assert line, self.process.stderr.read()
        return line

    def some(self, seconds: float) -> str:
        """What it says within so long, after its last line()."""
        output = self.process.stdout.fileno()
        ready, _, _ = select.select([output], [], [], seconds)
        return os.read(output, 1 << 16).decode() if ready else ""

    def memory(self) -> int:
        """The most it ever held, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def handles(self, number: int) -> bool:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"SigCgt:\s+(\w+)", status).group(1), 16) >> (number - 1) & 1 == 1

    def stop(self) -> str:
        # What it printed last may come before it waits for a signal.
        end = time.monotonic() + PATIENCE
        while not self.handles(signal.SIGINT) and time.monotonic() < end:
            time.sleep(0.01)
        self.process.send_signal(signal.SIGINT)
        out, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, (self.process.returncode, errors)
        return errors


def try_echo(echo: Path):
    with Program(echo, LISTEN) as server:
        address = server.line()
        assert call(echo, address, "both ways") == "both ways\n"
        assert call(echo, address, "again") == "again\n"
        server.stop()


def try_share_get(example: Path, folder: Path):
    source = folder / "source.bin"
    source.write_bytes(bytes_of(5_000_000))
    with Program(example, "share", source) as sharer:
        link = sharer.line()
        target = folder / "target.bin"
        assert "5000000 bytes in 1 files, 6 blocks fetched, 0 resumed" in call(example, "get", link, target)
        assert target.read_bytes() == source.read_bytes()
        assert "1 complete downloads" in sharer.stop()
    failed = subprocess.run([example, "get", "nonsense", target], capture_output=True, timeout=PATIENCE)
    assert failed.returncode == 1 and failed.stderr, failed


def try_two_shares(example: Path, look: Path, folder: Path):
    notes = folder / "notes"
    notes.mkdir()
    (notes / "one.txt").write_text("the first note")
    other = folder / "other.bin"
    other.write_bytes(bytes_of(100_000))
    with Program(example, "share", notes, other) as sharer:
        link, other_link = sharer.line(), sharer.line()
        assert call(look, "ls", link) == "14 one.txt\n"
        assert call(look, "stat", link).startswith("14 bytes in 1 files")
        path, _, query = link.partition("?")
        assert call(look, "cat", f"{path}/one.txt?{query}", 4, 5) == "first"
        call(example, "get", other_link, folder / "got.bin")
        said = sharer.stop()
        # Who has read the only file of the folder has all blocks of it.
        assert f"{notes}: 1 complete downloads" in said and f"{other}: 1 complete downloads" in said, said
        assert "bytes to 12D3KooW" in said and ", all of it" in said, said


def try_messages(messages: Path, folder: Path):
    keys = [folder / "friend.key", folder / "stranger.key"]
    for key in keys:
        key.write_bytes(subprocess.run([messages, "key"], capture_output=True, timeout=PATIENCE).stdout)
    with open(keys[0]) as key:
        friend = subprocess.run([messages, "id"], stdin=key, capture_output=True, text=True,
                                timeout=PATIENCE).stdout.strip()
    assert friend.startswith("12D3KooW"), friend
    with Program(messages, "serve", LISTEN, friend) as server:
        address = server.line()

        def ask(key: Path):
            with open(key) as secret:
                return subprocess.run([messages, "ask", address, "one", "and two"], stdin=secret, capture_output=True,
                                      text=True, timeout=PATIENCE)

        asked = ask(keys[0])
        assert asked.stdout == "ONE\nAND TWO\n", asked
        refused = ask(keys[1])
        assert refused.returncode == 1 and not refused.stdout, refused
        said = server.stop()
        assert f"{friend} connected" in said and f"{friend} is gone" in said, said
        assert said.count("connected") == 1, said


def try_chat(chat: Path):
    with Program(chat, "ann", LISTEN, stdin=subprocess.PIPE) as ann:
        address = ann.line()
        with Program(chat, "ben", LISTEN, address, stdin=subprocess.PIPE) as ben:
            ben.line()
            # Until the two are connected, what one says is heard by nobody.
            heard, deadline = "", time.monotonic() + PATIENCE
            while "ben: hello" not in heard and time.monotonic() < deadline:
                ben.process.stdin.write("hello\n")
                ben.process.stdin.flush()
                heard += ann.some(0.1)
            assert "ben: hello" in heard, heard
            ann.process.stdin.write("welcome\n")
            ann.process.stdin.flush()
            assert ben.line() == "ann: welcome"
            ben.process.stdin.close()
            assert ben.process.wait(PATIENCE) == 0
        ann.process.stdin.close()
        assert ann.process.wait(PATIENCE) == 0


def try_simulated(simulated: Path):
    first = call(simulated, "7")
    assert "100 nodes heard it within" in first, first
    assert first == call(simulated, "7")
    assert first != call(simulated, "8")


def try_load(load: Path, echo: Path):
    with Program(echo, LISTEN) as server:
        address = server.line()
        print("       ", call(load, address, LOAD_STREAMS, LOAD_BYTES).strip(), flush=True)
        total = LOAD_STREAMS * LOAD_BYTES
        print(f"        the server held at most {server.memory() >> 20} MiB", flush=True)
        if not SANITIZERS:
            assert server.memory() < 2 * total, server.memory()
        server.stop()


def headers_of(source: Path, prefix: Path) -> list[str]:
    """Every file that a program of the user's reads when it is compiled."""
    rule = call(COMPILER, "-std=c++23", "-M", f"-I{prefix}/include", source)
    return [word for word in rule.replace("\\\n", " ").split()[1:] if word != str(source)]


def check_headers(examples: Path, prefix: Path):
    foreign = re.compile(r"/(boost|openssl|fmt|spdlog|sqlite3|protozero|gnutls|ngtcp2)\b")
    for source in sorted(examples.glob("*.cpp")):
        for header in headers_of(source, prefix):
            inside = header.startswith((f"{prefix}/include/shoal/", f"{examples}/"))
            system = re.match(r"/usr/(include/(c\+\+|x86_64-linux-gnu|aarch64-linux-gnu|[\w-]+\.h|linux|asm)|"
                              r"lib/(llvm|clang|gcc)|bin/\.\./lib)", header)
            assert (inside or system) and not foreign.search(header), f"{source.name} reads {header}"


def try_tunnel(tunnel: Path):
    assert call(tunnel, "simulated").startswith("hello simulated world, who is 12D3KooW")
    with Program(tunnel, "greet") as server:
        ticket = server.line()
        assert call(tunnel, "ask", ticket).startswith("hello world, who is 12D3KooW")
        server.stop()
    with socket.create_server(("127.0.0.1", 0)) as service:
        with Program(tunnel, "port", service.getsockname()[1]) as server:
            with Program(tunnel, "listen", server.line()) as client:
                host, port = client.line().split(":")
                with socket.create_connection((host, int(port)), PATIENCE) as asking:
                    asking.sendall(b"question")
                    answering, _ = service.accept()
                    assert answering.recv(8) == b"question"
                    answering.close()
                assert "connected" in client.stop()
            server.stop()


def build_outside(source: Path, prefix: Path, into: Path) -> Path:
    started = time.monotonic()
    call("cmake", "-G", "Ninja", "-S", source, "-B", into, f"-DCMAKE_PREFIX_PATH={prefix}",
         f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_CXX_FLAGS={SANITIZERS}")
    call("cmake", "--build", into)
    print(f"        {source.name}: configured and built in {time.monotonic() - started:.1f} s", flush=True)
    return into


def test_programs_outside_find_link_and_run_it(folder: Path):
    prefix = install(folder)
    examples = prefix / "share/doc/shoal/examples"
    assert len((examples / "echo.cpp").read_text().splitlines()) < 30
    check_headers(examples, prefix)

    built = build_as_the_guide_says(examples, prefix, folder)
    try_echo(built / "echo")
    try_share_get(built / "share_get", folder)
    try_two_shares(built / "share_get", built / "look", folder)
    try_messages(built / "messages", folder)
    try_chat(built / "chat")
    try_simulated(built / "simulated")
    try_tunnel(built / "tunnel")
    load = build_outside(ROOT / "tests/library", prefix, folder / "load")
    try_load(load / "load", built / "echo")


def build_as_the_guide_says(examples: Path, prefix: Path, folder: Path) -> Path:
    """The commands of its chapter 6, but that the library is not in /usr."""
    said = re.findall(r"^    (cmake .*)$", (ROOT / "docs/guide/6-building.md").read_text(), re.M)
    assert len(said) == 2, said
    started = time.monotonic()
    shutil.copytree(examples, folder / "examples")
    environment = {"CMAKE_PREFIX_PATH": str(prefix), "CMAKE_GENERATOR": "Ninja", "CXXFLAGS": SANITIZERS}
    for command in said:
        call(*shlex.split(command), cwd=folder, env={**os.environ, **environment})
    print(f"        the examples: configured and built in {time.monotonic() - started:.1f} s", flush=True)
    return folder / "steps"


REFUSAL = "Shoal needs Clang 16 or GCC 13 or newer"
ADVICE = "Use Clang 16 or GCC 13 or newer, as in -DCMAKE_CXX_COMPILER=clang++-19."


def fails(*words, **options) -> str:
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, **options)
    assert done.returncode != 0, words
    return done.stdout + done.stderr


def test_headers_refuse_a_gcc_that_miscompiles_co_await(folder: Path):
    """Clang stands in for GCC 12 where there is none."""
    as_gcc = ("-U__clang__", "-U__GNUC__", "-D__GNUC__=12")
    for header in sorted((ROOT / "include/shoal").glob("*.h")):
        if header.name == "error.h":
            continue
        told = fails(COMPILER, "-std=c++20", "-E", f"-I{ROOT}/include", *as_gcc, header)
        assert REFUSAL in told, (header, told)
    newer = ("-U__clang__", "-U__GNUC__", "-D__GNUC__=13")
    call(COMPILER, "-std=c++20", "-E", f"-I{ROOT}/include", *newer, ROOT / "include/shoal/compiler.h")


def test_package_refuses_a_gcc_that_miscompiles_co_await(folder: Path):
    prefix = install(folder)

    def configure(version: str, required: str) -> tuple:
        (folder / "CMakeLists.txt").write_text(f"""
            cmake_minimum_required(VERSION 3.25)
            project(app LANGUAGES NONE)
            set(CMAKE_CXX_COMPILER_ID GNU)
            set(CMAKE_CXX_COMPILER_VERSION {version})
            set(CMAKE_CXX_COMPILER /usr/bin/g++)
            find_package(shoal {required})
            message(STATUS "found: ${{shoal_FOUND}}")
            """)
        return "cmake", "-G", "Ninja", "-S", folder, "-B", folder / version, f"-DCMAKE_PREFIX_PATH={prefix}"

    told = re.sub(r"\s+", " ", fails(*configure("12.2.0", "REQUIRED")))
    assert "GCC 12.2.0 (/usr/bin/g++) destroys temporaries" in told and ADVICE in told, told
    assert "found: 0" in call(*configure("12.4.0", ""))


def test_gcc_12_is_refused_in_one_clear_line(folder: Path):
    gcc = shutil.which("g++-12")
    if gcc is None:
        raise CannotRun("there is no g++-12")
    prefix = install(folder)
    told = fails(gcc, "-std=c++20", "-fsyntax-only", f"-I{prefix}/include", ROOT / "examples/echo.cpp")
    errors = [line for line in told.splitlines() if "error:" in line]
    assert len(errors) == 1 and REFUSAL in errors[0], told
    for source in (ROOT, prefix / "share/doc/shoal/examples"):
        told = fails("cmake", "-G", "Ninja", "-S", source, "-B", folder / source.name, f"-DCMAKE_PREFIX_PATH={prefix}",
                     f"-DCMAKE_CXX_COMPILER={gcc}")
        told = re.sub(r"\s+", " ", told)
        assert "GCC 12" in told and f"({gcc}) destroys temporaries" in told and ADVICE in told, told


def test_one_file_is_little_to_compile(folder: Path):
    read = call(COMPILER, "-std=c++23", "-E", "-P", f"-I{ROOT}/include", ROOT / "examples/echo.cpp")
    lines = len(read.splitlines())
    print(f"        echo.cpp is {lines} lines with all that it includes", flush=True)
    assert lines < MOST_LINES, lines


def test_pkg_config_finds_it(folder: Path):
    if shutil.which("pkg-config") is None:
        return
    prefix = install(folder)
    flags = call("pkg-config", "--cflags", "--libs", "shoal",
                 env={**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}).split()
    echo = folder / "echo"
    call(COMPILER, "-std=c++23", *SANITIZERS.split(), ROOT / "examples/echo.cpp", "-o", echo, "-fuse-ld=lld-19", *flags)
    try_echo(echo)


def test_another_project_can_add_it_as_a_folder(folder: Path):
    """Configured only: its objects are those of this build."""
    (folder / "CMakeLists.txt").write_text(f"""
        cmake_minimum_required(VERSION 3.25)
        project(app LANGUAGES CXX)
        add_subdirectory({ROOT} shoal)
        add_executable(app {ROOT}/examples/echo.cpp)
        target_link_libraries(app PRIVATE shoal::shoal)
        target_compile_features(app PRIVATE cxx_std_23)
        """)
    built = folder / "built"
    call("cmake", "-G", "Ninja", "-S", folder, "-B", built, f"-DCMAKE_CXX_COMPILER={COMPILER}",
         "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON")
    targets = call("ninja", "-C", built, "-t", "targets", "all")
    assert "app: " in targets and "libshoal.a: " in targets, targets[:2000]
    assert "_tests: " not in targets and "shoal_cli" not in targets
    commands = call("ninja", "-C", built, "-t", "commands", "-s", "CMakeFiles/app.dir" + str(ROOT) + "/examples/echo.cpp.o")
    assert "-Werror" not in commands and "boost" not in commands.lower(), commands


def test_packages_bring_their_files_and_name_what_they_need(folder: Path):
    if SANITIZERS or shutil.which("dpkg-shlibdeps") is None:
        return
    call("cpack", "-G", "DEB", "-B", folder, cwd=BUILD)
    program, = folder.glob("shoal_*.deb")
    library, = folder.glob("libshoal-dev_*.deb")
    needed = call("dpkg-deb", "-f", program, "Depends")
    assert all(name in needed for name in ("libc6", "libssl3", "libsqlite3-0", "libqrencode4", "libngtcp2-")), needed
    files = call("dpkg-deb", "-c", program)
    assert "./usr/bin/shoal\n" in files and "./usr/share/man/man1/shoal.1\n" in files, files
    assert "./usr/share/doc/shoal/copyright\n" in files, files
    files = call("dpkg-deb", "-c", library)
    assert all(name in files for name in ("include/shoal/node.h", "lib/libshoal.a", "shoal-config.cmake",
                                          "doc/libshoal-dev/copyright")), files
    development = call("dpkg-deb", "-f", library, "Depends")
    assert all(name in development for name in ("libssl-dev", "libcrypto++-dev")), development
    recommended = call("dpkg-deb", "-f", library, "Recommends")
    assert all(name in recommended for name in ("clang-19", "cmake")), recommended


def test_the_guide_shows_the_examples_as_they_are(folder: Path):
    examples = [path.read_text() for path in (ROOT / "examples").glob("*.[ch]*")]
    shown = re.findall(r"^```cpp\n(.*?)\n```$", (ROOT / "docs/library.md").read_text(), re.M | re.S)
    assert shown
    for snippet in shown:
        assert any(snippet in example for example in examples), snippet


if __name__ == "__main__":
    run_tests(dict(globals()))
