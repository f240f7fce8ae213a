-- A lending library, as SQL Server writes it.
CREATE TABLE dbo.Author (
    AuthorId int IDENTITY(1,1) PRIMARY KEY,
    Name nvarchar(120) NOT NULL,
    Born date,
    IsLiving bit NOT NULL DEFAULT 1
);
CREATE TABLE dbo.Book (
    BookId int IDENTITY(1,1) PRIMARY KEY,
    Isbn char(13) NOT NULL UNIQUE,
    Title nvarchar(200) NOT NULL,
    Summary nvarchar(max),
    Price decimal(10,2) NOT NULL DEFAULT 0 CHECK (Price >= 0),
    Weight float,
    Cover varbinary(max),
    Details nvarchar(max)
);
CREATE TABLE dbo.BookAuthor (
    BookId int NOT NULL REFERENCES dbo.Book (BookId) ON DELETE CASCADE,
    AuthorId int NOT NULL REFERENCES dbo.Author (AuthorId),
    PRIMARY KEY (BookId, AuthorId)
);
CREATE TABLE dbo.BookCopy (
    BookId int NOT NULL,
    CopyNo smallint NOT NULL,
    Shelf nvarchar(10),
    State nvarchar(10) NOT NULL DEFAULT 'new',
    CONSTRAINT BookCopyPkey PRIMARY KEY (BookId, CopyNo),
    CONSTRAINT BookCopyBook FOREIGN KEY (BookId) REFERENCES dbo.Book (BookId) ON DELETE CASCADE
);
CREATE TABLE dbo.Loan (
    LoanId bigint IDENTITY(1,1) PRIMARY KEY,
    BookId int NOT NULL,
    CopyNo smallint NOT NULL,
    Borrower nvarchar(80) NOT NULL,
    TakenAt datetime2 NOT NULL,
    Due date NOT NULL,
    BackAt datetime2,
    CONSTRAINT LoanCopy FOREIGN KEY (BookId, CopyNo) REFERENCES dbo.BookCopy (BookId, CopyNo),
    CONSTRAINT OneAtATime UNIQUE (BookId, CopyNo, TakenAt)
);
CREATE INDEX LoanByDue ON dbo.Loan (Due);
GO
CREATE VIEW dbo.OpenLoan AS SELECT LoanId, Borrower, Due FROM dbo.Loan WHERE BackAt IS NULL;
