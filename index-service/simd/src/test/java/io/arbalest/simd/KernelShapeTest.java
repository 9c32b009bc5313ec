package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.management.ManagementFactory;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What keeps kernels fast however their callers are compiled; see the package's text. A clock sees
 * a breach only sometimes, minutes after the start.
 */
class KernelShapeTest {
    private static final String VECTORS = "Ljdk/incubator/vector/";

    private static final List<String> HOT =
            List.of(
                    "HalfDot.dot",
                    "HalfDot.dots",
                    "ByteCodes.dots",
                    "NibbleCodes.dots",
                    "SignCodes.sumsWide",
                    "SignCodes.sums128");

    @Test
    void noMethodTakesOrReturnsAVector() throws Exception {
        List<String> breaches = new ArrayList<>();
        int methods = 0;
        for (ClassModel type : types()) {
            for (MethodModel method : type.methods()) {
                methods++;
                String descriptor = method.methodType().stringValue();
                boolean species = descriptor.equals("()" + VECTORS + "VectorSpecies;");
                if (descriptor.contains(VECTORS) && !species) {
                    breaches.add(name(type, method));
                }
            }
        }
        assertThat(breaches).isEmpty();
        assertThat(methods).isGreaterThan(50);
    }

    @Test
    void hotKernelsAreTooLongToBeInlined() throws Exception {
        int limit =
                Integer.parseInt(
                        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                                .getVMOption("FreqInlineSize")
                                .getValue());
        List<String> found = new ArrayList<>();
        for (ClassModel type : types()) {
            for (MethodModel method : type.methods()) {
                if (isKernel(method) || HOT.contains(name(type, method))) {
                    found.add(name(type, method));
                    CodeAttribute code =
                            method.findAttribute(java.lang.classfile.Attributes.code())
                                    .orElseThrow();
                    assertThat(code.codeLength())
                            .as("bytes of code of %s", name(type, method))
                            .isGreaterThan(limit);
                }
            }
        }
        assertThat(found).containsExactlyInAnyOrderElementsOf(HOT);
    }

    /** What is named as kernels are, so that a new one is not forgotten in the list. */
    private static boolean isKernel(MethodModel method) {
        String name = method.methodName().stringValue();
        return (name.equals("dots") && method.flags().has(AccessFlag.STATIC))
                || (name.startsWith("sums") && method.flags().has(AccessFlag.PRIVATE));
    }

    private static List<ClassModel> types() throws Exception {
        Path root =
                Path.of(HalfDot.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<ClassModel> types = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files.filter(KernelShapeTest::isClass)::iterator) {
                types.add(parse(file));
            }
        }
        return types;
    }

    private static boolean isClass(Path file) {
        return file.toString().endsWith(".class");
    }

    private static ClassModel parse(Path file) throws IOException {
        return ClassFile.of().parse(file);
    }

    private static String name(ClassModel type, MethodModel method) {
        String path = type.thisClass().asInternalName();
        return path.substring(path.lastIndexOf('/') + 1) + "." + method.methodName().stringValue();
    }
}
