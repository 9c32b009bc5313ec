/** The filter language: equality joined by `and`. Keywords in any case; strings in single quotes, doubled inside. */
grammar FilterGrammar;

filter: conjunction EOF;

conjunction: term (AND term)*;

term: '(' conjunction ')' # Parenthesised
    | NAME '=' literal # Equality
    ;

literal: STRING # StringLiteral
    | INTEGER # IntegerLiteral
    | DECIMAL # DecimalLiteral
    | TRUE # TrueLiteral
    | FALSE # FalseLiteral
    ;

AND: [aA] [nN] [dD];
TRUE: [tT] [rR] [uU] [eE];
FALSE: [fF] [aA] [lL] [sS] [eE];
INTEGER: '-'? [0-9]+;
DECIMAL: '-'? [0-9]+ '.' [0-9]+ ([eE] [+-]? [0-9]+)? | '-'? [0-9]+ [eE] [+-]? [0-9]+;
STRING: '\'' (~'\'' | '\'\'')* '\'';
NAME: [A-Za-z_] [A-Za-z0-9_]*;
WS: [ \t\r\n]+ -> skip;
