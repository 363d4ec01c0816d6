"""Release: the pathways that prepare it and the handover that carries the case over."""
