"""The graph of jobs that Snakemake makes of the default target, with nothing run."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelworks.build import params
from modelworks.build.errors import ModelworksError


class CompileError(ModelworksError):
    """Snakemake finds a fault in the rules."""


class NoSuchTarget(CompileError):
    """No rule makes a target. `known`: the rules, and what they make where that has no wildcards."""

    def __init__(self, text: str, known: list[str]) -> None:
        self.known = known
        super().__init__(text)


@dataclass(frozen=True)
class Compiled:
    """Snakemake's jobs that make something, in the order of the rules, the structural values they hold for, the DAG."""

    jobs: list[Any]
    structural: dict[str, Any]
    dag: Any


@contextlib.contextmanager
def compile_graph(snakefile: Path, directory: Path, targets: frozenset[str] = frozenset()) -> Iterator[Compiled]:
    """Build the graph of targets (the default one) of a Snakefile in a workspace, the working directory meanwhile.

    Raises CompileError, NoSuchTarget where there is no such target, and ParamsError.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.exceptions import MissingRuleException, WorkflowError
    from snakemake.settings.enums import Quietness
    from snakemake.settings.types import DAGSettings, OutputSettings, ResourceSettings
    from snakemake_interface_common.exceptions import ApiError

    values = params.read(directory / params.FILE)
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        try:
            opened = api.workflow(
                ResourceSettings(cores=1), snakefile=snakefile.absolute(), workdir=directory.absolute()
            )
            workflow = opened.dag(DAGSettings(targets=targets)).workflow_api._workflow
            workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
            workflow._build_dag()
        except MissingRuleException as error:
            outs = [str(path) for rule in workflow.rules for path in rule.output if not rule.has_wildcards()]
            known = [rule.name for rule in workflow.rules] + outs
            raise NoSuchTarget(f"{snakefile}: {error}", known) from None
        except (WorkflowError, ApiError) as error:
            raise CompileError(f"{snakefile}: {error}") from None
        except SyntaxError as error:
            raise CompileError(f"{error.filename}: {error.msg}") from None
        except Exception as error:  # whatever the Python code in the rules raises
            raise CompileError(f"{snakefile}: {type(error).__name__}: {error}") from error
        order = {rule.name: position for position, rule in enumerate(workflow.rules)}
        jobs = [job for job in workflow.dag.jobs if job.output or not job.is_norun]
        jobs.sort(key=lambda job: (order[job.rule.name], sorted(job.wildcards_dict.items())))
        yield Compiled(jobs, params.structural(values), workflow.dag)
