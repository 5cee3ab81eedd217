"""The environment of a stage: what passes through, what counts in the key, what is set; the rest is cleared."""

import os
from collections.abc import Iterable, Mapping

# Where to find programs, modules, models and devices. None of these may change a result: what they lead to is keyed.
PASSED = frozenset(
    {
        *("PYTHONPATH", "PATH", "HOME", "USER", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "XDG_CACHE_HOME"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
        *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "CUDA_HOME", "TORCH_HOME"),
        *("HF_HOME", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_ENDPOINT", "HF_TOKEN"),
        *("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"),
    }
)

# These change floating-point results, so they are part of every fingerprint.
KEYED = frozenset(
    {
        *("ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "MKL_CBWR", "NVIDIA_TF32_OVERRIDE"),
        *("OPENBLAS_CORETYPE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"),
    }
)

# The same on every machine.
FIXED = {
    "LC_ALL": "C.UTF-8",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "SOURCE_DATE_EPOCH": "0",
    "TZ": "UTC",
}


def keyed(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that change results, as they are now."""
    return {name: environ[name] for name in sorted(KEYED) if name in environ}


def stage_environment(environ: Mapping[str, str], recorded: Mapping[str, str] | None = None) -> dict[str, str]:
    """The whole environment of a stage.

    `recorded` are the keyed variables of the stage's fingerprint: with them a stage runs as its key says, also on a
    machine where they are set otherwise.
    """
    passed = {name: value for name, value in environ.items() if name in PASSED}
    return passed | dict(keyed(environ) if recorded is None else recorded) | FIXED


def source_folders(path: Iterable[str]) -> list[str]:
    """The entries of a module search path that hold source, neither the standard library nor installed packages."""
    library = os.path.dirname(os.__file__)
    installed = ("site-packages", "dist-packages", "lib-dynload")
    return [
        entry
        for entry in path
        if entry != library and os.path.basename(entry) not in installed and not entry.endswith(".zip")
    ]
