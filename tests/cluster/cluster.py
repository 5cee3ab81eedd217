"""A real Slurm on loopback, for tests: a controller and two nodes, one of which has a (fake) GPU.

Configured by SLURM_CONF alone: /etc/slurm is neither read nor written.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
CONF = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
GresTypes=gpu
MinJobAge=300
SlurmdTimeout=5
KillWait=2
JobRequeue=1
NodeName=cpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 RealMemory=8000
NodeName=gpu1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=8000 Gres=gpu:1
PartitionName=cpu Nodes=cpu1 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=gpu1 MaxTime=INFINITE State=UP
"""
PARTITIONS = """\
partitions:
  cpu:
    max_threads: 4
    max_mem_mb: 8000
  gpu:
    max_threads: 2
    max_mem_mb: 8000
    max_gpu: 1
"""


class Cluster:
    """The daemons of one cluster, started in `folder` and stopped by their pids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start munged, the controller and both nodes, and wait until the nodes are idle."""
        (self.folder / "state").mkdir(parents=True)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        user = psutil.Process().username()
        self.conf.write_text(
            CONF.format(folder=self.folder, host=socket.gethostname(), ports=_free_ports(3), user=user)
        )
        (self.folder / "gres.conf").write_text("NodeName=gpu1 Name=gpu Count=1 File=/dev/null\n")
        (self.folder / "partitions.yaml").write_text(PARTITIONS)
        # Snakemake's jobstep plugin drops SLURM_CONF from the environment of srun.
        wrapper = self.folder / "bin/srun"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.conf} exec {shutil.which("srun")} "$@"\n')
        wrapper.chmod(0o755)
        files = [
            f"--{name}={self.folder}/munge.{name.partition('-')[0]}" for name in ("pid-file", "log-file", "seed-file")
        ]
        self._spawn(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket", *files
        )
        _wait_for((self.folder / "munge.socket").exists, "munged")
        self._spawn("slurmctld", "-D", "-f", str(self.conf))
        for node in ("cpu1", "gpu1"):
            self.start_node(node)
        _wait_for(lambda: self.nodes() == {"cpu1": "idle", "gpu1": "idle"}, "the nodes")

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self._spawn("slurmd", "-D", "-N", node, "-f", str(self.conf), name=node)

    def kill_node(self, node: str) -> None:
        """Kill a node: its daemon and all that runs on it."""
        daemon = self._daemons.pop(node)
        titles = [f"[{job}." for job in self.run("squeue", "-h", "-w", node, "-o", "%i").split()]
        steps = [process for process in psutil.process_iter() if _is_step(process, titles)]
        assert len(steps) >= len(titles), "what runs on the node was not found"
        doomed = [psutil.Process(daemon.pid), *steps, *(child for step in steps for child in step.children(True))]
        for process in doomed:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        daemon.wait()
        # What Slurm finds out by itself within a minute.
        self.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=killed")

    def stop(self) -> None:
        """Stop everything, the controller last."""
        for job in self.jobs():
            self.run("scancel", "--signal=KILL", job)
        for name in reversed(self._daemons):
            self._daemons[name].send_signal(signal.SIGTERM)
            try:
                self._daemons[name].wait(10)
            except subprocess.TimeoutExpired:
                self._daemons[name].kill()
                self._daemons[name].wait()

    def environment(self) -> dict[str, str]:
        """What commands need to find the cluster."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))}
        return kept | {"SLURM_CONF": str(self.conf), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}

    def run(self, *command: str) -> str:
        """Run a client; what it prints."""
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=True).stdout

    def nodes(self) -> dict[str, str]:
        """The state of each node."""
        try:
            lines = self.run("sinfo", "-h", "-N", "-o", "%N %t").splitlines()
        except subprocess.CalledProcessError:
            return {}
        return dict(tuple(line.split()) for line in lines)  # type: ignore[misc]

    def jobs(self, state: str = "all") -> list[str]:
        """The ids of the jobs that are pending or running."""
        states = "PENDING,RUNNING,COMPLETING" if state == "all" else state
        return self.run("squeue", "-h", "-t", states, "-o", "%i").split()

    def _spawn(self, *command: str, name: str | None = None) -> None:
        log = (self.folder / f"{name or command[0]}.out").open("ab")
        program = shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or command[0]
        self._daemons[name or command[0]] = subprocess.Popen(
            [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment()
        )


def is_installed() -> bool:
    """Whether Slurm's programs are on this machine."""
    return all(shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for program in PROGRAMS)


def _is_step(process: psutil.Process, titles: list[str]) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return line.startswith("slurmstepd:") and any(title in line for title in titles)


def _wait_for(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come up"
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for item in sockets:
        item.bind(("127.0.0.1", 0))
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports
