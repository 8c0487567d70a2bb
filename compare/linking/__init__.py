"""The frame graph, and how one viewport's change moves the others."""
