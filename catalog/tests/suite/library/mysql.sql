-- A lending library, as MySQL writes it: names in its own case, keys numbered by themselves.
CREATE TABLE author (
    author_id int AUTO_INCREMENT PRIMARY KEY,
    name varchar(120) NOT NULL,
    born date,
    is_living tinyint(1) NOT NULL DEFAULT 1
);
CREATE TABLE book (
    book_id int AUTO_INCREMENT PRIMARY KEY,
    isbn char(13) NOT NULL UNIQUE,
    title varchar(200) NOT NULL,
    summary longtext,
    price decimal(10,2) NOT NULL DEFAULT 0.00 CHECK (price >= 0),
    weight double,
    cover longblob,
    details json
);
CREATE TABLE book_author (
    book_id int NOT NULL,
    author_id int NOT NULL,
    PRIMARY KEY (book_id, author_id),
    FOREIGN KEY (book_id) REFERENCES book (book_id) ON DELETE CASCADE,
    FOREIGN KEY (author_id) REFERENCES author (author_id)
);
CREATE TABLE book_copy (
    book_id int NOT NULL,
    copy_no smallint NOT NULL,
    shelf varchar(10),
    state varchar(10) NOT NULL DEFAULT 'new',
    CONSTRAINT book_copy_pkey PRIMARY KEY (book_id, copy_no),
    CONSTRAINT book_copy_book FOREIGN KEY (book_id) REFERENCES book (book_id) ON DELETE CASCADE
);
CREATE TABLE loan (
    loan_id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
    book_id int NOT NULL,
    copy_no smallint NOT NULL,
    borrower varchar(80) NOT NULL,
    taken_at datetime NOT NULL,
    due date NOT NULL,
    back_at datetime,
    CONSTRAINT loan_copy FOREIGN KEY (book_id, copy_no) REFERENCES book_copy (book_id, copy_no),
    UNIQUE KEY one_at_a_time (book_id, copy_no, taken_at),
    KEY loan_by_due (due)
) COMMENT = 'who has what';
CREATE VIEW open_loan AS SELECT loan_id, borrower, due FROM loan WHERE back_at IS NULL;
