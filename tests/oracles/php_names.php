<?php
// Prints what PHP-Parser, the parser of static analysers, resolves in each file of the list on
// stdin: `D <kind> <full name> <file>` of what is declared, `R <kind> <full name> <global name or ->
// <file>` of what is named.
require_once 'PhpParser/autoload.php';

use PhpParser\Node;
use PhpParser\NodeTraverser;
use PhpParser\NodeVisitor\NameResolver;
use PhpParser\NodeVisitorAbstract;
use PhpParser\ParserFactory;

class Printer extends NodeVisitorAbstract
{
    public string $file = '';
    private array $functions = [];

    public function enterNode(Node $node)
    {
        if ($node instanceof Node\Stmt\ClassLike && $node->namespacedName) {
            $this->say('D class', $node->namespacedName);
        } elseif ($node instanceof Node\Stmt\Function_) {
            $this->say('D function', $node->namespacedName);
        } elseif ($node instanceof Node\Stmt\Use_ || $node instanceof Node\Stmt\GroupUse) {
            $prefix = $node instanceof Node\Stmt\GroupUse ? $node->prefix . '\\' : '';
            foreach ($node->uses as $use) {
                $kind = $use->type | $node->type;
                if ($kind !== Node\Stmt\Use_::TYPE_CONSTANT) {
                    $word = $kind === Node\Stmt\Use_::TYPE_FUNCTION ? 'function' : 'class';
                    $this->say("R $word", $prefix . $use->name . "\t-");
                }
                $this->functions[spl_object_id($use->name)] = true;
            }
        } elseif ($node instanceof Node\Expr\FuncCall && $node->name instanceof Node\Name) {
            $own = $node->name->getAttribute('namespacedName');
            $this->say('R function', ($own ?? $node->name) . "\t" . ($own ? $node->name : '-'));
            $this->functions[spl_object_id($node->name)] = true;
        } elseif ($node instanceof Node\Expr\ConstFetch) {
            $this->functions[spl_object_id($node->name)] = true;
        } elseif ($node instanceof Node\Name\FullyQualified && !isset($this->functions[spl_object_id($node)])) {
            $this->say('R class', $node . "\t-");
        }
    }

    private function say(string $what, $name)
    {
        echo "$what\t$name\t{$this->file}\n";
    }
}

$parser = (new ParserFactory())->create(ParserFactory::PREFER_PHP7);
foreach (explode("\n", trim(stream_get_contents(STDIN))) as $file) {
    $printer = new Printer();
    $printer->file = $file;
    $traverser = new NodeTraverser();
    $traverser->addVisitor(new NameResolver());
    try {
        $tree = $traverser->traverse($parser->parse(file_get_contents($file)));
    } catch (PhpParser\Error $error) {
        fwrite(STDERR, "$file: {$error->getMessage()}\n");
        continue;
    }
    $second = new NodeTraverser();
    $second->addVisitor($printer);
    $second->traverse($tree);
}
