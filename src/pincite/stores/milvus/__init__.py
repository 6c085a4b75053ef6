"""The store on Milvus: for an index that outgrows one machine, or that many machines search."""
