-- the type of embeddings; a step of its own because it needs pgvector on the server
CREATE EXTENSION IF NOT EXISTS vector;
