"""Everything Pincite raises on purpose.

    PinciteError
    ├── UsageError            a value that the caller gave is not allowed
    │   ├── FilterError
    │   │   └── NothingFits      its values are allowed, and no article has them
    │   ├── QueryError
    │   └── UnknownDocument
    ├── CorpusError           the folder of articles, or what lies in it
    │   ├── RemovalRefused
    │   └── UnreadableFile    one file; an update skips it and goes on
    ├── IndexProblem          the index folder
    │   ├── NoIndex
    │   ├── EmptyIndex
    │   ├── DamagedIndex
    │   │   └── DamagedCatalogue   what everything else could be made from
    │   ├── OtherFormat
    │   ├── IndexBusy
    │   └── ModelMismatch
    ├── ClusterError          the Dask cluster that an update is done on
    └── ModelError            the embedding model cannot be loaded, or is not the one expected
        └── ReaderError       the reader cannot

Every message is one line: the file or value, what is wrong with it, how to mend it.
"""

import shlex
import sys


class PinciteError(Exception):
    """Root of all errors raised on purpose."""


class UsageError(PinciteError, ValueError):
    """A value that the caller gave is not allowed."""


class FilterError(UsageError):
    """A filter's value is not allowed."""


class NothingFits(FilterError):
    """No article fits a filter; the message names the values there are, the nearest first."""


class QueryError(UsageError):
    """A question or ``k`` that cannot be searched for."""


class UnknownDocument(UsageError):
    """No document of this id is indexed."""


class CorpusError(PinciteError):
    """The folder of articles is missing or empty, or what lies in it contradicts itself."""


class RemovalRefused(CorpusError):
    """The update would remove most of the index and nobody allowed it."""


class UnreadableFile(CorpusError):
    """One file cannot be read; the message is the reason alone."""


class IndexProblem(PinciteError):
    """The index folder cannot be used as asked."""


class NoIndex(IndexProblem):
    """There is no index at that place."""


class EmptyIndex(IndexProblem):
    """The index holds no document yet."""


class DamagedIndex(IndexProblem):
    """Files of the index are missing or not what was written."""


class DamagedCatalogue(DamagedIndex):
    """The catalogue cannot be read: the index has to be made anew from the articles."""


class OtherFormat(IndexProblem):
    """Another Pincite wrote the index, in another format."""


class IndexBusy(IndexProblem):
    """Another process is updating the index."""


class ModelMismatch(IndexProblem):
    """The index was built with another model than the one asked for."""


class ModelError(PinciteError):
    """The embedding model cannot be loaded, or its weights are not the expected ones."""


class ReaderError(ModelError):
    """The reader is missing, or not what was written; answers can be had without it."""


class ClusterError(PinciteError):
    """The scheduler or its workers cannot be reached, or do not fit; what was embedded is kept."""


def installing(*what: str) -> str:
    """The command that installs something, such as ``pincite[dask]``, for the Python that runs.

    Pincite need lie in no package index for this: pip takes the one that is there, and adds what its extra needs.
    """
    return f"`{shlex.join([sys.executable, '-m', 'pip', 'install', *what])}`"
