# Made by `make docs` from __init__.py and errors.py.
from .client import Client as Client
from .errors import CallersError as CallersError
from .errors import CertificateError as CertificateError
from .errors import DeadlineError as DeadlineError
from .errors import EncodeError as EncodeError
from .errors import FilesError as FilesError
from .errors import IngestError as IngestError
from .errors import LimitError as LimitError
from .errors import NetworkError as NetworkError
from .errors import ProtocolError as ProtocolError
from .errors import SampleError as SampleError
from .errors import ServiceError as ServiceError
from .files import File as File
from .ingestion import Stored as Stored
from .retry import Retry as Retry
from .sample import Sample as Sample
from .wav import Wav as Wav

__version__: str
__all__ = ["Client", "Sample", "File", "Stored", "Wav", "Retry"]
