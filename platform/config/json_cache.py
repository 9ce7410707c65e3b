"""How values lie in the shared cache: as JSON, never as a pickle.

Django's own serializer unpickles what it reads, so whoever can write to Redis would run code in the
web processes. What is kept there (limits, a pulse) is numbers, words and lists of them.
"""

import json
from typing import Any


class JsonSerializer:
    def dumps(self, value: Any) -> int | bytes:
        """Whole numbers stay as they are: Redis counts with them. TypeError for what JSON lacks."""
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
