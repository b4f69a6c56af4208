# SPDX-License-Identifier: Apache-2.0
"""The flight benchmark: securities of 95 columns on one process, wanted by another.

    join/COLUMNS/ROWS    0.12 quotes a security joined with those of a server, to a file
    pull/COLUMNS/ROWS    everything received and dropped
    streams/N            all columns of 1M rows over N connections
    message/BYTES        the same in messages of that size
    codec/CODEC          the same, compressed by the server
    link/RATE            the same over a link of that many bits a second

COLUMNS are all (95) or six. Peers are a pyarrow server and client, in the shape of the
system this project began from and better ones, and Flight alone (flight_loop.cc). Servers
run in processes of their own, whose CPU seconds are counted beside the client's; the wire
is a loopback interface of the benchmark's own where one can be made, or a link between
two network namespaces.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import enrich
import network
from cases import PEERS, Aim, Case, Contestant, Settings, Traffic, peer_command
from network import Network

NAME = "flight"
TABLE = "securities"
ROWS = {"1M": 1_000_000, "10M": 10_000_000}
SIX = enrich.SIX
TOKEN = "token-of-the-benchmark"

STREAMS = (1, 2, 4)
MESSAGES = {"64KiB": 1 << 16, "1MiB": 1 << 20, "4MiB": 4 << 20, "16MiB": 16 << 20}
MESSAGES["64MiB"] = 64 << 20
CODECS = ("none", "lz4", "zstd:1")
LINKS = {"10Gbit": 10e9, "1Gbit": 1e9}

ORIGINAL, PROJECTION = "pyarrow collects all", "pyarrow collects six"
LOCAL = "Windrow, local files"
BARE = "Flight alone"

WIRE_AIM, CLIENT_AIM = 0.45e9, 600e6
GROWTH_AIM = 0.9

QUICK = ["join/all/1M", "join/six/1M", "pull/all/1M", "pull/six/1M"]
FULL = ["join/all/10M", "join/six/10M", "pull/all/1M", "pull/all/10M", "pull/six/10M"]
FULL += [f"streams/{number}" for number in STREAMS]
FULL += [f"message/{size}" for size in MESSAGES]
FULL += [f"codec/{codec}" for codec in CODECS]
FULL += [f"link/{rate}" for rate in LINKS]


@dataclass(frozen=True)
class Server:
    """A server under way."""

    process: int
    address: str

    @property
    def table(self) -> str:
        """Where clients find the table."""
        return f"grpc://{self.address}/{TABLE}"


class Servers:
    """Servers that end with the run; there is one of a command on a wire."""

    def __init__(self, settings: Settings) -> None:
        self._until_end = settings.until_end
        self._started: dict[tuple[str, ...], Server] = {}

    def start(self, wire: Network, words: Sequence[str]) -> Server:
        """Returns the server of a command, which may serve other cases already."""
        key = (*wire.server_words, *words)
        if key not in self._started:
            under_way = self._until_end.enter_context(network.server(wire, words))
            self._started[key] = Server(*under_way)
        return self._started[key]


class Place:
    """A case being made: its data, its wire, and the servers at its other end."""

    def __init__(
        self, settings: Settings, servers: Servers, name: str, rows: int, wire: Network
    ) -> None:
        self.settings, self.servers, self.name, self.wire = settings, servers, name, wire
        self.scaled = replace(settings, rows=rows)
        self.inputs = enrich.make_inputs(self.scaled, "ipc", "dense")

    def scratch(self, name: str) -> str:
        """Returns a path for something of this case."""
        return str(self.settings.scratch / f"{self.name.replace('/', '-')}-{name}")

    def start(self, *words: str) -> Server:
        """Starts a server at the other end."""
        return self.servers.start(self.wire, words)

    def loop(self) -> str:
        """Returns the program of Flight alone."""
        return str(self.settings.windrow.with_name("windrow-flight-loop"))

    def token_file(self) -> str:
        """Writes the token; servers that are no loopback ones ask for one."""
        path = self.settings.scratch / f"{NAME}-token"
        path.write_text(TOKEN, encoding="ascii")
        return str(path)

    def access(self) -> list[str]:
        """Returns the words with which our clients may talk to our server."""
        is_open = self.wire.host.startswith("127.")
        return [] if is_open else ["--token-file", self.token_file()]

    def windrow_server(self, *more: str) -> Server:
        """Starts our server."""
        words = [str(self.settings.windrow), "serve", f"{TABLE}={self.inputs.securities}"]
        words += ["--listen", f"grpc://{self.wire.host}:0"]
        return self.start(*words, "--slots", str(self.settings.slots), *self.access(), *more)

    def pyarrow_server(self) -> Server:
        """Starts pyarrow's."""
        script = str(PEERS / "flight_server.py")
        return self.start(sys.executable, script, str(self.inputs.securities), self.wire.host)

    def bare_server(self) -> Server:
        """Starts the server of Flight alone."""
        listen = f"grpc://{self.wire.host}:0"
        return self.start(self.loop(), "serve", str(self.inputs.securities), "--listen", listen)

    def client(self, name: str, server: Server, words: Sequence[str], **more: Any) -> Contestant:
        """Returns a contestant at this end of the wire."""
        command = [*self.wire.client_words, *words]
        return Contestant(name, command, server=server.process, **more)

    def pull(self, name: str, server: Server, columns: str, *more: str) -> Contestant:
        """Returns our client that drops what it receives."""
        job = Path(self.scratch(f"{server.process}.yaml"))
        job.write_text(pull_job(server.table, columns), encoding="utf-8")
        words = [*self.settings.ours, str(job), "--slots", str(self.settings.slots)]
        return self.client(name, server, [*words, "--drop", "yes", *self.access(), *more])

    def bare(self, streams: int, columns: str = "all", **options: Any) -> Contestant:
        """Returns Flight alone over some streams; `options` as its command takes them."""
        server = self.bare_server()
        words = [self.loop(), "pull", f"grpc://{server.address}", "--streams", str(streams)]
        for option, value in options.items():
            words += [f"--{option.replace('_', '-')}", str(value)]
        if columns == "six":
            words += ["--columns", ",".join(SIX)]
        return self.client(
            f"{BARE}, {streams} {'streams' if streams > 1 else 'stream'}", server, words
        )

    def pyarrow(self, name: str, work: str, server: Server, ticket: str, **more: Any) -> Contestant:
        """Returns a client in pyarrow."""
        case = {"server": f"grpc://{server.address}", "ticket": ticket, **more}
        left_out = empty_columns(self.inputs.quotes) if work == "join" else ()
        words = peer_command("flight_peer.py", work, json.dumps(case))
        return self.client(name, server, words, columns_left_out=left_out)

    def case(self, ours: Contestant, peers: Sequence[Contestant], **more: Any) -> Case:
        """Returns the case."""
        inputs = [self.inputs.quotes, self.inputs.securities]
        wire = network.wire_gb_s(self.wire, wire_bytes_measured(self.name))
        name = f"{NAME}/{self.name}"
        return Case(name, ours, peers, inputs, wire_gb_s=wire, **more)


@functools.cache
def empty_columns(path: Path) -> tuple[str, ...]:
    """Returns the columns of the type null."""
    import pyarrow as pa

    return tuple(f.name for f in enrich.schema_of(path) if pa.types.is_null(f.type))


def wire_bytes_measured(name: str) -> int:
    """Returns how much to send to measure the wire of a case: a second's worth or so."""
    rate = LINKS.get(name.rpartition("/")[2])
    return network.MEASURED_BYTES if rate is None else int(rate / 8)


def pull_job(table: str, columns: str) -> str:
    """Returns our job that receives columns and keeps none."""
    lines = ["windrow: 1", "sources:", f"  {TABLE}: {{scan: {json.dumps(table)}}}"]
    last = TABLE
    if columns == "six":
        last = "picked"
        lines += ["steps:", f"  picked: {{select: [{', '.join(SIX)}], from: {TABLE}}}"]
    lines += ["sinks:", f"  - {{collect: result, from: {last}}}"]
    return "\n".join(lines) + "\n"


def join_traffic(place: Place, columns: str) -> Callable[[int], Traffic]:
    """Returns the least work of a join: that of local files, and matching rows sent."""
    quotes, securities = (enrich.schema_of(path).names for path in paths_of(place))
    names = list(SIX) if columns == "six" else securities
    local = enrich.traffic_of(place.scaled, place.inputs, ("ipc", "dense", columns), names)
    assert local is not None
    _, wide = enrich.touched_bytes(place.inputs.securities, names, 1)
    _, narrow = enrich.touched_bytes(place.inputs.quotes, quotes, 1)
    share = wide / (wide + narrow)
    return lambda nbytes: replace(local(nbytes), wire_bytes=share * nbytes)


def paths_of(place: Place) -> tuple[Path, Path]:
    """Returns both files of a case."""
    return place.inputs.quotes, place.inputs.securities


def join_case(place: Place, columns: str) -> Case:
    """Our command on a server's securities, to a file."""
    server = place.windrow_server()

    def command(name: str, securities: str, *more: str) -> list[str]:
        output = place.scratch(f"{name}.arrow")
        words = [str(place.settings.windrow), "enrich", "--quotes", str(place.inputs.quotes)]
        words += ["--securities", securities, "-o", output, "--slots", str(place.settings.slots)]
        words += ["--temp-dir", str(place.settings.scratch), "--progress", "none", *more]
        if columns == "six":
            words += ["--columns", ",".join(SIX)]
        return peer_command(
            "windrow_peer.py", "command", json.dumps({"words": words, "output": output})
        )

    remote = command("remote", server.table, *place.access())
    local = Contestant(LOCAL, command("local", str(place.inputs.securities)))
    case = {"quotes": str(place.inputs.quotes), "output": place.scratch("peer.arrow")}
    if columns == "six":
        ticket = f"{TABLE} columns:ID,{','.join(SIX)}"
        name, wanted = PROJECTION, SIX
    else:
        name, ticket, wanted = ORIGINAL, TABLE, None
    there = place.pyarrow_server()
    peer = place.pyarrow(name, "join", there, ticket, columns=wanted, **case)
    ours = place.client("Windrow", server, remote)
    return place.case(ours, [peer, local], traffic=join_traffic(place, columns))


def pull_case(place: Place, columns: str) -> Case:
    """Our server and client, each with pyarrow at the other end, and Flight alone."""
    server, there = place.windrow_server(), place.pyarrow_server()
    own, plain = TABLE, TABLE
    if columns == "six":
        own = json.dumps({"windrow_scan": 1, "table": TABLE, "columns": SIX})
        plain = f"{TABLE} columns:{','.join(SIX)}"
    is_short = columns == "six" and place.settings.size == "quick"
    peers = [place.bare(streams, columns) for streams in (STREAMS[:1] if is_short else STREAMS)]
    peers.append(place.pyarrow("Windrow serves pyarrow", "pull", server, own))
    peers.append(place.pyarrow("pyarrow serves pyarrow", "pull", there, plain))
    ours = place.pull("Windrow", server, columns)
    return place.case(ours, peers, traffic=sent_plain)


def sent_plain(answer_bytes: int) -> Traffic:
    """Returns the least work of receiving what is not compressed."""
    return Traffic(wire_bytes=answer_bytes)


def streams_case(place: Place, streams: str) -> Case:
    """Both over the same number of streams."""
    ours = place.pull("Windrow", place.windrow_server(), "all", "--streams", streams)
    return place.case(ours, [place.bare(int(streams))], traffic=sent_plain)


def message_case(place: Place, size: str) -> Case:
    """Both in messages of the same size."""
    size_bytes = MESSAGES[size]
    server = place.windrow_server("--message-bytes", str(size_bytes))
    peers = [place.bare(streams, message_bytes=size_bytes) for streams in (1, 2)]
    return place.case(place.pull("Windrow", server, "all"), peers, traffic=sent_plain)


def codec_case(place: Place, codec: str) -> Case:
    """Both with the same codec; on loopback its encoder is all there is to see."""
    server = place.windrow_server("--codec", codec)
    peers = [place.bare(streams, codec=codec) for streams in (1, 2)]
    return place.case(place.pull("Windrow", server, "all"), peers)


def link_case(place: Place, _: str) -> Case:
    """What our server chooses beside each codec, and Flight alone."""
    ours = place.pull("Windrow", place.windrow_server(), "all")
    peers = [
        place.pull(f"Windrow codec={codec}", place.windrow_server("--codec", codec), "all")
        for codec in CODECS
    ]
    return place.case(ours, [*peers, place.bare(1)])


MAKERS: dict[str, Callable[[Place, str], Case]] = {
    "join": join_case,
    "pull": pull_case,
    "streams": streams_case,
    "message": message_case,
    "codec": codec_case,
    "link": link_case,
}


def make_case(settings: Settings, servers: Servers, name: str, near: Network) -> Case:
    """Makes the data, the servers and the contestants of one case."""
    kind, what, *scale = name.split("/")
    rows = settings.rows or ROWS[scale[0] if scale else "1M"]
    if scale and settings.rows:
        # The aims are for the sizes that names stand for.
        name = f"{kind}/{what}/{rows}"
    wire = near
    if kind == "link":
        wire = settings.until_end.enter_context(network.link(what, LINKS[what]))
    return MAKERS[kind](Place(settings, servers, name, rows, wire), what)


def cases(settings: Settings) -> list[Case]:
    """Returns the four quick cases, or all eighteen; links need root."""
    wanted = QUICK if settings.size == "quick" else FULL
    wanted = [each for each in wanted if settings.only in f"{NAME}/{each}"]
    if not wanted:
        return []
    why = network.why_no_namespace()
    if why:
        print(f"{NAME}: bytes on the wire are those of all processes: {why}", file=sys.stderr)
        for name in (each for each in wanted if each.startswith("link/")):
            print(f"{NAME}/{name}: left out: {why}", file=sys.stderr)
        wanted = [each for each in wanted if not each.startswith("link/")]
    near = settings.until_end.enter_context(network.loopback())
    servers = Servers(settings)
    return [make_case(settings, servers, each, near) for each in wanted]


def aims() -> list[Aim]:
    """Returns the figures for 10M securities, 2 threads, warm."""
    join, pull = [f"{NAME}/join/all/10M"], [f"{NAME}/pull/all/"]
    return [
        Aim("join, all columns: pyarrow that collects all", join, 20, [ORIGINAL]),
        Aim("join, all columns: at most 2x the time of local files", join, 0.5, [LOCAL]),
        Aim("full pull: 90 % of Flight alone", pull, 0.9, [BARE]),
        Aim(
            "1 Gbit/s: what is chosen, no codec", [f"{NAME}/link/1Gbit"], 2, ["Windrow codec=none"]
        ),
    ]


def verdicts(outcomes: Sequence[dict[str, Any]]) -> list[str]:
    """Returns what no ratio to a peer tells: bytes on the wire, memory, growth, codecs."""
    # Ours runs once for each peer; its figures with the first are as good as any.
    ours = {each["case"]: each for each in reversed(outcomes) if "ours" in each}
    lines = []

    def judge(is_met: bool, text: str) -> None:
        lines.append(f"{'met' if is_met else 'missed'}  {text}")

    join = ours.get(f"{NAME}/join/all/10M")
    if join is not None:
        wire, memory = join["ours"]["wire_bytes"], join["ours"]["memory_peak"]
        judge(wire <= WIRE_AIM, f"join: {wire / 1e9:.3f} GB on the wire, aim {WIRE_AIM / 1e9} GB")
        judge(
            memory <= CLIENT_AIM, f"join: client {memory / 1e6:.0f} MB, aim {CLIENT_AIM / 1e6:.0f}"
        )
    rates = [
        each["output_bytes"] / each["ours"]["wall"] / 1e9
        for each in (ours.get(f"{NAME}/pull/all/{rows}") for rows in ROWS)
        if each is not None
    ]
    if len(rates) == len(ROWS):
        text = f"full pull: {rates[0]:.2f} GB/s of 0.7 GB, {rates[1]:.2f} GB/s of 7 GB"
        judge(rates[1] >= GROWTH_AIM * rates[0], text)
    for name in (f"{NAME}/pull/all/1M", *(f"{NAME}/link/{rate}" for rate in LINKS)):
        each = ours.get(name)
        if each is not None:
            share = each["ours"]["wire_bytes"] / each["output_bytes"]
            lines.append(f"told  {name}: {share:.2f} bytes on the wire for one of the answer")
    return lines
