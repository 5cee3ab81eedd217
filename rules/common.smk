"""What every rules file uses: `reads()` names keys of params.yaml, `code()` the fingerprint of a stage module."""

import os
import sys

from snakemake.exceptions import WorkflowError

from modelworks.build import declared, fingerprint, params as params_file, workspace
from modelworks.build.errors import ModelworksError
from modelworks.build.lock import record_fingerprints


def _checked(function, *arguments):
    """Call, with a fault of the user's as Snakemake's kind of error: its text and no traceback."""
    try:
        return function(*arguments)
    except ModelworksError as error:
        raise WorkflowError(str(error)) from None
    except ModuleNotFoundError as error:
        raise WorkflowError(f"code({error.name!r}): there is no such module") from None
    except SyntaxError as error:
        raise WorkflowError(
            f"{error.filename}, line {error.lineno}: {error.msg}"
        ) from None


if {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
    sys.stderr.write("What of this is in the cache: modelworks plan\n")
_checked(workspace.check, os.getcwd(), workflow.basedir, config, workflow.configfiles)
PARAMS = _checked(params_file.read)


def reads(*keys):
    """For `params: reads=...`: the keys of params.yaml that a rule's stage gets, sections or single values."""
    return _checked(params_file.reads, PARAMS, *keys)


def code(module):
    """For `input: code=...`: the file that holds the fingerprint of a stage module and all that it imports."""
    _checked(fingerprint.write, [module])
    return f"{fingerprint.DIRECTORY}/{module}.json"


def check_commands():
    """Check that the commands of all rules name what the rules declare, and nothing else."""
    _checked(declared.check, workflow.rules)
