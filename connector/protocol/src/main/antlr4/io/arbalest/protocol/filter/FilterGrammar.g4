/**
 * The filter language: SQL's conditions on columns. Keywords in any case; strings in single quotes, doubled inside; a field
 * whose name is a keyword in double quotes. One token decides every choice, so that an error is found where it is.
 */
grammar FilterGrammar;

filter: disjunction EOF;

disjunction: conjunction (OR conjunction)*;

conjunction: negation (AND negation)*;

negation: NOT negation # Negated
    | primary # Plain
    ;

primary: '(' disjunction ')' # Parenthesised
    | field predicate # Condition
    ;

predicate: comparison literal # Comparing
    | IS NOT? NULL # Null
    | NOT? membership # Member
    ;

comparison: '=' | '!=' | '<>' | '<' | '<=' | '>' | '>=';

membership: BETWEEN literal AND literal # Between
    | IN '(' literal (',' literal)* ')' # In
    | LIKE pattern=STRING (ESCAPE escape=STRING)? # Like
    | CONTAINS literal # Contains
    ;

field: NAME # PlainName
    | QUOTED # QuotedName
    ;

literal: STRING # StringLiteral
    | INTEGER # IntegerLiteral
    | DECIMAL # DecimalLiteral
    | TRUE # TrueLiteral
    | FALSE # FalseLiteral
    ;

AND: [aA] [nN] [dD];
OR: [oO] [rR];
NOT: [nN] [oO] [tT];
IS: [iI] [sS];
NULL: [nN] [uU] [lL] [lL];
IN: [iI] [nN];
BETWEEN: [bB] [eE] [tT] [wW] [eE] [eE] [nN];
LIKE: [lL] [iI] [kK] [eE];
ESCAPE: [eE] [sS] [cC] [aA] [pP] [eE];
CONTAINS: [cC] [oO] [nN] [tT] [aA] [iI] [nN] [sS];
TRUE: [tT] [rR] [uU] [eE];
FALSE: [fF] [aA] [lL] [sS] [eE];
INTEGER: '-'? [0-9]+;
DECIMAL: '-'? [0-9]+ '.' [0-9]+ ([eE] [+-]? [0-9]+)? | '-'? [0-9]+ [eE] [+-]? [0-9]+;
STRING: '\'' (~'\'' | '\'\'')* '\'';
QUOTED: '"' [A-Za-z_] [A-Za-z0-9_]* '"';
NAME: [A-Za-z_] [A-Za-z0-9_]*;
WS: [ \t\r\n]+ -> skip;
