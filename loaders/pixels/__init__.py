"""From files to a shared volume: codestream checks, decoders, worker processes, assembly."""
