-- What can be found by words, written in the transaction of the record it stands for.
CREATE TABLE search_docs (
    doc_id {autoid},
    workspace_id {uuid} NOT NULL,
    record TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    url TEXT NOT NULL,
    connection_id {uuid}{pg: , words tsvector NOT NULL}
);
CREATE UNIQUE INDEX search_docs_record ON search_docs (workspace_id, record);
CREATE INDEX search_docs_connection ON search_docs (workspace_id, connection_id) WHERE connection_id IS NOT NULL;
{sqlite: CREATE VIRTUAL TABLE search_words USING fts5(title, body, content='', contentless_delete=1, prefix='2 3', tokenize='unicode61 remove_diacritics 2');}
{pg: CREATE INDEX search_docs_words ON search_docs USING gin (words);}
